"""Scores of whole candidates: the K best are decided by a prefix's score, not by the distribution
at one node."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from nightbeam_training.model.tree import TreeInput


def node_scores(log_probs: Tensor, tree: TreeInput, *, levels: int) -> Tensor:
    """Score of every node, summed from the root, 0 for padding: [users, nodes].

    log_probs: [users, nodes, codes]; a node's own score follows its parent's, so gradients flow
    through the whole path. levels: of the catalogue.
    """
    users, nodes, codes = log_probs.shape
    edge = (tree.parent * codes + tree.code).clamp(max=nodes * codes - 1)
    arriving = log_probs.flatten(1).gather(1, edge)
    total = torch.zeros(users, nodes, dtype=log_probs.dtype, device=log_probs.device)
    for level in range(1, levels):
        reached = total.gather(1, tree.parent) + arriving
        total = torch.where(tree.depth == level, reached, total)
    return total


def candidate_scores(log_probs: Tensor, tree: TreeInput, *, levels: int) -> Tensor:
    """Score of every child of every node, summed from the root: [users, nodes, codes]."""
    return node_scores(log_probs, tree, levels=levels)[..., None] + log_probs


def near_edge(scores: Tensor, tree: TreeInput, *, levels: int, width: int) -> Tensor:
    """Whether a candidate is among the `width` best of its level: bool [users, nodes, codes]."""
    chosen = torch.zeros_like(scores, dtype=torch.bool).flatten(1)
    for level in range(levels):
        here = (tree.nodes >= 0) & (tree.depth == level)
        at_level = scores.masked_fill(~here[..., None], -torch.inf).flatten(1)
        best, at = at_level.topk(min(width, at_level.shape[1]), dim=1)
        chosen |= torch.zeros_like(chosen).scatter(1, at, best > -torch.inf)
    return chosen.view_as(scores)


def score_error(
    log_q: Tensor, log_p: Tensor, tree: TreeInput, *, levels: int, width: int
) -> Tensor:
    """Mean Huber error of the draft's scores of the candidates that either model has among its
    `width` best of a level.

    log_q, log_p: [users, nodes, codes], -inf if there is no child. The mean is over users'
    candidates; errors beyond one nat count linearly, so that a hopeless candidate does not
    dominate.
    """
    valid = log_p > -torch.inf
    ours = candidate_scores(log_q.masked_fill(~valid, -1e4), tree, levels=levels)
    theirs = candidate_scores(log_p.masked_fill(~valid, -1e4), tree, levels=levels)
    with torch.no_grad():
        chosen = near_edge(theirs.masked_fill(~valid, -torch.inf), tree, levels=levels, width=width)
        chosen |= near_edge(ours.masked_fill(~valid, -torch.inf), tree, levels=levels, width=width)
    each = F.huber_loss(ours, theirs, reduction="none")
    return torch.where(chosen, each, 0.0).sum() / chosen.sum()
