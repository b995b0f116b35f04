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
from nightbeam_training.align.batch import AlignBatch, DraftScores, prompt_scores
from nightbeam_training.align.beam_scores import prefix_scores
from nightbeam_training.align.distributions import with_rest
from nightbeam_training.align.objective import Losses, recommendation
from nightbeam_training.align.options import ObjectiveOptions
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.heads import levels_hidden
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.token_scores import TokenScores, token_scores
from nightbeam_training.model.tree import prompt_hidden


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


def heads_scores(
    model: Llama, batch: AlignBatch, codes: LevelCodes, *, prompt: bool
) -> DraftScores:
    """One forward pass over the prompts, and the heads on their last tokens. prompt: whether the
    loss needs the prompt's own tokens."""
    hidden = prompt_hidden(model, batch.tree, whole=prompt)
    levels = levels_hidden(model, hidden[:, -1])
    return DraftScores(
        codes=token_scores(model, levels, codes.tokens.expand(len(levels), -1, -1)),
        prompt=prompt_scores(model, hidden, batch) if prompt else None,
    )


def heads_loss(
    scores: DraftScores, batch: AlignBatch, options: ObjectiveOptions, *, codes: LevelCodes
) -> tuple[Tensor, Losses]:
    """Returns the loss of a batch, and its parts."""
    of_levels = scores.codes
    levels = of_levels.logits.shape[1]
    figures: Losses = {}
    loss = torch.zeros((), device=of_levels.logits.device)
    if options.uses_recommendation:
        truth = batch.truth_code[:, :levels].clamp(min=0)
        missed = of_levels.normaliser - of_levels.logits.gather(-1, truth[..., None])[..., 0]
        known = batch.truth_row[:, :levels] >= 0
        recommend, figures["recommend"] = recommendation(missed, known, batch, scores.prompt)
        loss = (1 - options.alpha) * recommend
    log_p, has_beams = _mixtures(batch, options, levels=levels)
    log_q = _head_log_probs(of_levels, log_p, options, codes=codes)
    if options.over == "vocabulary":
        log_p = with_rest(log_p)
    each = torch.where(has_beams, terms.forward_kl(log_q, log_p), 0.0)
    align = each.sum() / has_beams.sum().clamp(min=1)
    figures["align"] = align.detach()
    return loss + options.alpha * align, figures


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
    score = prefix_scores(log_p, tree, levels=batch.levels)
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
    scores: TokenScores, log_p: Tensor, options: ObjectiveOptions, *, codes: LevelCodes
) -> Tensor:
    """log q of each level: over the level's codes; or over the codes that can follow some beam,
    with all the rest as one more outcome. [users, levels, codes or codes + 1]"""
    if options.over == "valid":
        chosen = scores.logits / options.temperature
        return chosen.masked_fill(~codes.exist, -torch.inf).log_softmax(dim=-1)
    log_q = scores.logits - scores.normaliser[..., None]
    return with_rest(log_q.masked_fill(log_p == -torch.inf, -torch.inf))
