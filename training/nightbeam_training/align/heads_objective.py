"""The objective of heads, which guess each level without knowing the codes before it.

All that a head can learn from the target is the mixture of its next-code distributions over its
beams: a beam's weight is its probability among the beams kept. The loss of a level is (1 - alpha) ·
negative log-likelihood of the next item's code + alpha · KL(mixture || head); all levels have equal
weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.align import terms
from nightbeam_training.align.batch import AlignBatch
from nightbeam_training.align.candidates import node_scores
from nightbeam_training.align.objective import ObjectiveOptions, with_rest
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.torch_trie import TorchTrie


@dataclass(frozen=True)
class LevelCodes:
    """The codes of every level but the last."""

    tokens: Tensor
    """[levels - 1, codes]"""
    exist: Tensor
    """Whether any path of the catalogue has the code there: bool [levels - 1, codes]."""


def level_codes(trie: TorchTrie, tokens: CodeTokens) -> LevelCodes:
    levels = trie.levels - 1
    exist = torch.zeros(levels, trie.codes, dtype=torch.bool, device=trie.device)
    for level in range(levels):
        edges = slice(trie.level_start[level + 1] - 1, trie.level_start[level + 2] - 1)
        exist[level, trie.edge_code[edges]] = True
    return LevelCodes(tokens=tokens.on(trie.device)[:levels], exist=exist)


def heads_loss(
    logits: Tensor, batch: AlignBatch, options: ObjectiveOptions, *, codes: LevelCodes
) -> tuple[Tensor, dict[str, float]]:
    """Returns the loss of a batch, and its parts.

    logits: float32 [users, levels - 1, vocabulary].
    """
    levels = logits.shape[1]
    known = batch.truth_row[:, :levels] >= 0
    picked = logits.gather(-1, batch.truth_token[:, :levels, None])[..., 0]
    missed = (logits.logsumexp(dim=-1) - picked)[known]
    recommend = missed.sum() / max(len(missed), 1)
    figures = {"recommend": float(recommend.detach())} if len(missed) > 0 else {}
    log_p, has_beams = _mixtures(batch, options, levels=levels)
    log_q = _head_log_probs(logits, log_p, options, codes=codes)
    if options.over == "vocabulary":
        log_p = with_rest(log_p)
    align = terms.forward_kl(log_q[has_beams], log_p[has_beams]).mean()
    loss = (1 - options.alpha) * recommend + options.alpha * align
    return loss, {**figures, "align": float(align.detach())}


@torch.no_grad()
def _mixtures(
    batch: AlignBatch, options: ObjectiveOptions, *, levels: int
) -> tuple[Tensor, Tensor]:
    """Log of the target's mixture for each level, -inf for codes of no beam [users, levels, codes],
    and whether there are beams to mix [users, levels]."""
    tree, log_p = batch.tree, batch.log_p
    each = log_p
    if options.over == "valid":
        sharp = log_p / options.temperature
        each = sharp - sharp.logsumexp(dim=-1, keepdim=True)
    each = each.exp().masked_fill(log_p == -torch.inf, 0.0)
    score = node_scores(log_p, tree)
    mixed, has_beams = [], []
    for level in range(levels):
        beams = batch.sequences.beams & (tree.depth == level)
        there = beams.any(dim=1)
        share = score.masked_fill(~beams, -torch.inf).softmax(dim=1)
        share = share.masked_fill(~there[:, None], 0.0)
        # Not a matrix product: autocast would round it.
        mixed.append((share[..., None] * each).sum(dim=1))
        has_beams.append(there)
    return torch.stack(mixed, dim=1).log(), torch.stack(has_beams, dim=1)


def _head_log_probs(
    logits: Tensor, log_p: Tensor, options: ObjectiveOptions, *, codes: LevelCodes
) -> Tensor:
    """log q of each level: over the level's codes; or over the codes that can follow some beam,
    with all the rest as one more outcome. [users, levels, codes or codes + 1]"""
    scaled = logits / options.temperature
    chosen = scaled.gather(-1, codes.tokens.expand(len(logits), -1, -1))
    if options.over == "valid":
        return chosen.masked_fill(~codes.exist, -torch.inf).log_softmax(dim=-1)
    log_q = chosen - scaled.logsumexp(dim=-1, keepdim=True)
    return with_rest(log_q.masked_fill(log_p == -torch.inf, -torch.inf))
