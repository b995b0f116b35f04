"""Beam search over the catalogue's trie, many users at once, with cached keys and values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.code_model import CodeModel, NewNodes
from nightbeam_training.model.token_scores import token_scores
from nightbeam_training.search.child_log_probs import child_log_probs
from nightbeam_training.search.select import Beams, best_children, first_beam


@dataclass(frozen=True)
class Level:
    """The best prefixes of one length, best first; dead beams are -1 with score -inf."""

    nodes: Tensor
    """[users, width]"""
    scores: Tensor
    """Sums of log-probabilities, float64 [users, width]."""


@dataclass(frozen=True)
class SearchResult:
    levels: list[Level]
    """Prefixes of 1, 2, … codes; if every level has a width, the last are the items' paths."""
    expanded: Tensor
    """Nodes whose children were scored, the root first: [users, expanded]."""
    log_probs: Tensor
    """Log-probabilities after each, -inf if there is no child: [users, expanded, codes]."""


@dataclass(frozen=True)
class Known:
    """Log-probabilities that replace the model's."""

    nodes: Tensor
    """[users, known]; values that are not a trie node are ignored."""
    log_probs: Tensor
    """[users, known, codes]"""


@torch.no_grad()
def beam_search(
    model: CodeModel,
    prompts: Tensor,
    *,
    widths: list[int],
    trie: TorchTrie,
    tokens: CodeTokens,
    scoring: Scoring = "full",
    extra_paths: Tensor | None = None,
    keep: int = 0,
    known: Known | None = None,
) -> SearchResult:
    """Finds the `widths[t]` best prefixes of t + 1 codes, for each level that has a width.

    prompts: [users, tokens], padded on the left with -1. extra_paths: one more code path per user
    to score with the beams, -1 if there is none: [users, levels]. keep: the beams of a search of
    this width stay among the wider ones; a target of that width needs them. Of equal scores the
    smaller path comes first, except for ties at the edge of the width.
    """
    table = tokens.on(prompts.device)
    # Nodes of every level but the last stay in memory.
    room = sum(max(width, keep) + (extra_paths is not None) for width in widths[:-1])
    hidden, memory = model.remember(prompts, room=room)
    beams = first_beam(len(prompts), prompts.device)
    # Which nodes are seen: [users, nodes of this level, nodes so far].
    above = torch.zeros(len(prompts), 1, 0, dtype=torch.bool, device=prompts.device)
    nodes = beams.nodes
    extra = nodes[:, 0]
    levels, expanded, values = [], [], []
    for depth, width in enumerate(widths):
        scores = token_scores(model, hidden, table[depth].expand(*nodes.shape, -1))
        log_probs = child_log_probs(scores, nodes, trie=trie, scoring=scoring)
        if known is not None:
            log_probs = _with_known(log_probs, nodes, known)
        expanded.append(nodes)
        values.append(log_probs)
        beams = best_children(
            beams, log_probs[:, : beams.nodes.shape[1]], trie=trie, width=width, keep=keep
        )
        levels.append(_best_first(beams))
        if depth + 1 == len(widths):
            break
        nodes, code, origin = beams.nodes, beams.code, beams.origin
        if extra_paths is not None:
            extra = trie.step(extra, extra_paths[:, depth])
            nodes = torch.cat((nodes, extra[:, None]), dim=1)
            code = torch.cat((code, extra_paths[:, depth, None].clamp(min=0)), dim=1)
            # The true path is the last column of every level.
            last = torch.full_like(extra, above.shape[1] - 1)
            origin = torch.cat((origin, last[:, None]), dim=1)
        above = _extended(above, origin)
        hidden, memory = memory.extend(NewNodes(table[depth][code], depth + 1, above))
    return SearchResult(
        levels=levels, expanded=torch.cat(expanded, dim=1), log_probs=torch.cat(values, dim=1)
    )


def _extended(above: Tensor, origin: Tensor) -> Tensor:
    users, count = origin.shape
    inherited = above.gather(1, origin[..., None].expand(-1, -1, above.shape[2]))
    itself = torch.eye(count, dtype=torch.bool, device=above.device).expand(users, -1, -1)
    return torch.cat((inherited, itself), dim=2)


def _best_first(beams: Beams) -> Level:
    scores, order = beams.scores.sort(dim=1, descending=True, stable=True)
    return Level(nodes=beams.nodes.gather(1, order), scores=scores)


def _with_known(log_probs: Tensor, nodes: Tensor, known: Known) -> Tensor:
    same = (nodes[..., None] == known.nodes[:, None, :]) & (nodes >= 0)[..., None]
    at = same.int().argmax(dim=-1)
    held = known.log_probs.gather(1, at[..., None].expand(-1, -1, log_probs.shape[-1]))
    return torch.where(same.any(dim=-1, keepdim=True), held, log_probs)
