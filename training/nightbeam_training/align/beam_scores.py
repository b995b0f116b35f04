"""Scores of prefixes over a tree of log-probabilities, and the best of each level.

A search keeps prefixes by their scores summed from the root, not by the distribution at one node.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from nightbeam_training.model.tree import Tree


@dataclass(frozen=True)
class Sequences:
    """The K best sequences over a tree whose nodes have log-probabilities."""

    counts: Tensor
    """How many of them pass from a node to a code: [users, nodes, codes]."""
    kth: Tensor
    """End of the K-th best prefix of each length, as node · codes + code: [users, levels]."""
    beams: Tensor
    """Whether a node is among the K best of its level, true for the root: bool [users, nodes]."""
    edges: Tensor
    """Whether the prefix (node, code) is among the K best of its level: bool [users, nodes,
    codes]."""
    stopped: Tensor
    """Those of the edges whose prefix is not in the tree, items excepted: bool [users, nodes,
    codes]. A search wider than K can lack prefixes that a search of width K reaches."""


@torch.no_grad()
def sequences_of(tree: Tree, log_probs: Tensor, *, levels: int, width: int) -> Sequences:
    """Beam search of `width` over the nodes of a tree.

    log_probs: [users, nodes, codes], -inf if there is no child; levels: of the catalogue. A prefix
    that is not in the tree is not extended, and not counted.
    """
    codes = log_probs.shape[-1]
    scores = candidate_scores(log_probs, tree, levels=levels)
    real = tree.nodes >= 0
    below_root = real & (tree.depth > 0)
    edge = _edges(tree, codes)
    in_tree = torch.zeros_like(scores, dtype=torch.int64).flatten(1)
    in_tree = in_tree.scatter_add(1, edge, below_root.long()) > 0
    beams = real & (tree.depth == 0)
    edges, stopped = torch.zeros_like(in_tree), torch.zeros_like(in_tree)
    chosen, kth = edges, []
    for level in range(levels):
        at_level = real & (tree.depth == level)
        best, at = _best(scores, at_level & beams, width)
        chosen = torch.zeros_like(in_tree).scatter(1, at, best > -torch.inf)
        edges = edges | chosen
        last = ((best > -torch.inf).sum(dim=1, keepdim=True) - 1).clamp(min=0)
        kth.append(at.gather(1, last))
        if level + 1 < levels:
            stopped = stopped | (chosen & ~in_tree)
            beams = beams | (below_root & (tree.depth == level + 1) & chosen.gather(1, edge))
    counts = chosen.view_as(scores).float()
    # From the bottom up: a sequence through a node also passes the edge that leads to it.
    for level in range(levels - 1, 0, -1):
        through = torch.where(real & (tree.depth == level), counts.sum(dim=-1), 0.0)
        counts = counts.flatten(1).scatter_add(1, edge, through).view_as(scores)
    return Sequences(
        counts=counts,
        kth=torch.cat(kth, dim=1),
        beams=beams,
        edges=edges.view_as(scores),
        stopped=stopped.view_as(scores),
    )


def score_error(log_q: Tensor, log_p: Tensor, tree: Tree, *, levels: int, width: int) -> Tensor:
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
        chosen = torch.zeros_like(valid).flatten(1)
        for level in range(levels):
            at_level = (tree.nodes >= 0) & (tree.depth == level)
            for scores in (theirs, ours):
                best, at = _best(scores.masked_fill(~valid, -torch.inf), at_level, width)
                chosen |= torch.zeros_like(chosen).scatter(1, at, best > -torch.inf)
        chosen = chosen.view_as(valid)
    each = F.huber_loss(ours, theirs, reduction="none")
    return torch.where(chosen, each, 0.0).sum() / chosen.sum()


def candidate_scores(log_probs: Tensor, tree: Tree, *, levels: int) -> Tensor:
    """Score of every child of every node, summed from the root: [users, nodes, codes]."""
    return prefix_scores(log_probs, tree, levels=levels)[..., None] + log_probs


def prefix_scores(log_probs: Tensor, tree: Tree, *, levels: int) -> Tensor:
    """Score of every node, summed from the root, 0 for padding: [users, nodes].

    log_probs: [users, nodes, codes]; a node's own score follows its parent's, so gradients flow
    through the whole path. levels: of the catalogue.
    """
    arriving = log_probs.flatten(1).gather(1, _edges(tree, log_probs.shape[-1]))
    total = torch.zeros_like(arriving)
    for level in range(1, levels):
        total = torch.where(tree.depth == level, total.gather(1, tree.parent) + arriving, total)
    return total


def _edges(tree: Tree, codes: int) -> Tensor:
    """The edge that leads to each node, as parent · codes + code; 0 for the root and padding:
    [users, nodes]."""
    return tree.parent * codes + tree.code


def _best(scores: Tensor, here: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """The `width` best children of some nodes, with -inf where there are fewer: their scores, and
    their places as node · codes + code, both [users, width].

    scores: [users, nodes, codes]; here: bool [users, nodes].
    """
    candidates = scores.masked_fill(~here[..., None], -torch.inf).flatten(1)
    best, at = candidates.topk(min(width, candidates.shape[1]), dim=1)
    return best, at
