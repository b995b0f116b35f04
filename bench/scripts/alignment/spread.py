"""Spread of drafts compared with their target, at the nodes of the target's beams.

    training/.venv/bin/python bench/scripts/alignment/spread.py TEACHER CATALOGUE DRAFT...

Prints, for each draft, means over the nodes with more than 20 valid codes: the entropies of target
and draft, both divergences, and the share of the draft's probability outside the target's 20 best
codes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from nightbeam_training.align.batch import align_batch
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.data.teacher_files import teacher_files
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.model.checkpoint import load_checkpoint
from nightbeam_training.model.tree import tree_hidden

USERS, TOP = 256, 20


def spread(draft: Path, pool: TeacherPool, catalogue_file: Path) -> dict[str, float]:
    """Means over nodes with more than TOP valid codes, in nats; distributions over those codes."""
    catalogue = read_catalogue(catalogue_file)
    checkpoint = load_checkpoint(draft)
    prompts = open_prompts(checkpoint.prompt, catalogue, draft)
    sums: dict[str, float] = {}
    nodes = 0
    for start in range(0, min(USERS, len(pool)), 64):
        batch = align_batch(
            pool.take(np.arange(start, start + 64)),
            trie=pool.trie,
            tokens=prompts.tokens,
            width=TOP,
        )
        with torch.no_grad():
            logits = checkpoint.model.logits(tree_hidden(checkpoint.model, batch.tree))
        logits = logits.gather(-1, batch.tokens_at)
        valid = batch.log_p > -torch.inf
        wide = valid.sum(dim=-1) > TOP
        log_q = logits.masked_fill(~valid, -torch.inf)[wide].log_softmax(-1)
        log_p = batch.log_p[wide].log_softmax(-1)
        q, p, inside = log_q.exp(), log_p.exp(), valid[wide]
        log_q, log_p = log_q.masked_fill(~inside, 0), log_p.masked_fill(~inside, 0)
        best = log_p.masked_fill(~inside, -torch.inf).topk(TOP, dim=-1).indices
        figures = {
            "H(p)": -(p * log_p).sum(-1),
            "H(q)": -(q * log_q).sum(-1),
            "KL(p|q)": (p * (log_p - log_q)).sum(-1),
            "KL(q|p)": (q * (log_q - log_p)).sum(-1),
            "q outside": 1 - q.gather(-1, best).sum(-1),
        }
        nodes += int(wide.sum())
        for name, value in figures.items():
            sums[name] = sums.get(name, 0.0) + float(value.sum())
    return {name: value / nodes for name, value in sums.items()}


def main() -> None:
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    teacher, catalogue, *drafts = map(Path, sys.argv[1:])
    pool = TeacherPool(teacher_files([teacher]), read_catalogue(catalogue).trie)
    for number, draft in enumerate(drafts):
        figures = spread(draft, pool, catalogue)
        if number == 0:
            print(f"{'draft':24}" + "".join(f"{name:>11}" for name in figures))
        print(f"{draft.name[-24:]:24}" + "".join(f"{value:11.3f}" for value in figures.values()))


if __name__ == "__main__":
    main()
