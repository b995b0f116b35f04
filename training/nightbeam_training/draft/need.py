"""How many prefixes a draft has to propose at each level so that a user's first call is enough."""

from __future__ import annotations

import numpy as np
import torch

from nightbeam_training.align.batch import sequences_of
from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.heads import search_model
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.tree import tree_input
from nightbeam_training.search.beam_search import beam_search
from nightbeam_training.search.torch_trie import TorchTrie


@torch.no_grad()
def needed_widths(
    draft: Checkpoint,
    examples: ExampleBatch,
    *,
    trie: Trie,
    tokens: CodeTokens,
    machine: Machine,
    scoring: Scoring,
    beam_width: int,
    limit: int,
) -> Ints:
    """The draft's rank of the last of the target's K best prefixes, per user and level.

    beam_width: K. limit: width of the draft's search; a prefix that is not in it has rank limit + 1.
    -> [users, levels - 1]

    The ranks are those of a search with this one width. With other widths above a level, the ranks
    of prefixes whose parents are drafted can only be better.
    """
    device = machine.device
    tree = tree_input(examples.prompts, examples.nodes, trie=trie, tokens=tokens).to(device)
    log_p = torch.from_numpy(examples.log_p).to(device)
    beams = sequences_of(tree, log_p, beam_width).beams
    with machine.autocast():
        found = beam_search(
            search_model(draft.model),
            torch.from_numpy(examples.prompts).to(device),
            widths=[limit] * (trie.levels - 1),
            trie=TorchTrie(trie, device),
            tokens=tokens,
            scoring=scoring,
        )
    needs = np.zeros((len(examples.prompts), trie.levels - 1), dtype=np.int64)
    for depth, level in enumerate(found.levels, start=1):
        needed = tree.nodes.masked_fill(~(beams & (tree.depth == depth)), -1)
        same = needed[..., None] == level.nodes[:, None, :]
        rank = torch.where(same.any(dim=-1), same.int().argmax(dim=-1), limit) + 1
        needs[:, depth - 1] = rank.masked_fill(needed < 0, 0).amax(dim=1).cpu().numpy()
    return needs
