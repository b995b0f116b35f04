"""A listwise loss at the edge of the draft: which prefixes are among the N."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from nightbeam_training.align.beam_scores import candidate_scores
from nightbeam_training.model.tree import TreeInput


def edge_margin(
    log_q: Tensor,
    log_p: Tensor,
    tree: TreeInput,
    *,
    levels: int,
    beam_width: int,
    draft_width: int,
    margin: float = 0.25,
) -> Tensor:
    """How far the target's K best prefixes are from being safely among the draft's N.

    All K are among the N if each has a better score than the (N - K + 1)-th best of the others, in
    the draft's order. Per level, this sums softplus of (that score + margin - own score) / margin
    over the K. Zero gradient for what is far inside, so that the draft's capacity goes to the edge.

    log_q, log_p: [users, nodes, codes], -inf if there is no child; levels: of the catalogue. ->
    mean over users and levels, in margins
    """
    valid = log_p > -torch.inf
    ours = _scores(log_q, valid, tree, levels)
    theirs = _scores(log_p, valid, tree, levels)
    total = ours.new_zeros(())
    # The last level's prefixes are items, which are not drafted.
    for level in range(levels - 1):
        here = ((tree.nodes >= 0) & (tree.depth == level))[..., None]
        p = theirs.masked_fill(~here, -torch.inf).flatten(1)
        q = ours.masked_fill(~here, -torch.inf).flatten(1)
        best, at = p.topk(beam_width, dim=1)
        others = q.scatter(1, at, -torch.inf)
        edge = others.topk(draft_width - beam_width + 1, dim=1).values[:, -1:]
        gap = (edge + margin - q.gather(1, at)) / margin
        # Fewer candidates than N: everything is drafted.
        counts = (best > -torch.inf) & (edge > -torch.inf)
        total = total + F.softplus(gap.masked_fill(~counts, -1e4)).sum(dim=1).mean()
    return total / (levels - 1)


def _scores(log_probs: Tensor, valid: Tensor, tree: TreeInput, levels: int) -> Tensor:
    scores = candidate_scores(log_probs.masked_fill(~valid, -1e4), tree, levels=levels)
    return scores.masked_fill(~valid, -torch.inf)
