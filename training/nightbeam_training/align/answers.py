"""The target's K best sequences in a tree of its answers: where they pass, and the K-th best."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


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
    """Whether the prefix (node, code) is among the K best of its level but not in the tree: bool
    [users, nodes, codes]. A search wider than K can lack prefixes that a search of width K
    reaches."""


@torch.no_grad()
def best_sequences(
    log_probs: Tensor,
    *,
    depth: Tensor,
    parent: Tensor,
    code: Tensor,
    real: Tensor,
    levels: int,
    width: int,
) -> Sequences:
    """Beam search of `width` over the nodes of a tree.

    log_probs: [users, nodes, codes], -inf if there is no child; depth, parent, code and real (false
    for padding): [users, nodes], as a `TreeInput` has them; levels: of the catalogue. A prefix
    that is not in the tree is not extended, and not counted.
    """
    users, nodes, codes = log_probs.shape
    device = log_probs.device
    alive = torch.zeros(users, nodes, dtype=torch.bool, device=device)
    alive[:, 0] = True
    total = torch.zeros(users, nodes, dtype=torch.float32, device=device)
    kth = torch.zeros(users, levels, dtype=torch.int64, device=device)
    chosen = torch.zeros(users, nodes * codes, dtype=torch.bool, device=device)
    edges, stopped = torch.zeros_like(chosen), torch.zeros_like(chosen)
    edge = parent * codes + code
    inside = torch.zeros_like(chosen, dtype=torch.int64)
    inside = inside.scatter_add(1, edge, (real & (depth > 0)).long()) > 0
    for level in range(levels):
        at_level = real & (depth == level)
        if level > 0:
            stopped = stopped | (chosen & ~inside)
            from_parent = log_probs.flatten(1).gather(1, edge)
            total = torch.where(at_level, total.gather(1, parent) + from_parent, total)
            alive = torch.where(at_level, chosen.gather(1, edge), alive)
        here = (at_level & alive)[..., None]
        candidates = (total[..., None] + log_probs).masked_fill(~here, -torch.inf).flatten(1)
        best, at = candidates.topk(min(width, nodes * codes), dim=1)
        found = best > -torch.inf
        chosen = torch.zeros_like(chosen).scatter(1, at, found)
        edges = edges | chosen
        last = (found.sum(dim=1, keepdim=True) - 1).clamp(min=0)
        kth[:, level] = at.gather(1, last)[:, 0]
    counts = chosen.view(users, nodes, codes).float()
    # From the bottom up: a sequence through a node also passes the edge that leads to it.
    for level in range(levels - 1, 0, -1):
        through = torch.where(real & (depth == level), counts.sum(dim=-1), 0.0)
        counts = counts.flatten(1).scatter_add(1, edge, through).view_as(counts)
    return Sequences(
        counts=counts,
        kth=kth,
        beams=alive & real,
        edges=edges.view_as(log_probs),
        stopped=stopped.view_as(log_probs),
    )
