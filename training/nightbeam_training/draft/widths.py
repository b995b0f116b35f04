"""Draft widths per level: the most first calls that are enough, for a number of nodes."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from nightbeam_training.data.catalogue import Ints

_MOVES = (16, 8, 4, 2, 1)
"""Nodes that are moved from one level to another, large moves first."""


def widths_for(needs: Ints, *, nodes: int, beam_width: int, sizes: Ints) -> list[int]:
    """Splits `nodes` over the levels so that as many users as possible need one call.

    needs: [users, levels - 1], from `needed_widths`. No level gets less than `beam_width` (fewer
    accept no step) or more than it has prefixes (`sizes`: [levels - 1]). Starts with equal widths
    and moves nodes from one level to another while that helps.
    """
    levels = needs.shape[1]
    least = np.minimum(beam_width, sizes)
    widths = _even(max(nodes, int(least.sum())), least, sizes)
    best = _enough(needs, widths)
    for move in _MOVES:
        improved = True
        while improved:
            improved = False
            for giver, taker in permutations(range(levels), 2):
                step = min(move, int(sizes[taker] - widths[taker]))
                if step <= 0 or widths[giver] - step < least[giver]:
                    continue
                moved = widths.copy()
                moved[giver] -= step
                moved[taker] += step
                found = _enough(needs, moved)
                if found > best:
                    best, widths, improved = found, moved, True
    return [int(width) for width in widths]


def _even(nodes: int, least: Ints, sizes: Ints) -> Ints:
    """Widths that are as equal as their limits allow, and sum to `nodes` if that is possible."""
    widths = least.copy()
    for _ in range(nodes - int(least.sum())):
        room = np.flatnonzero(widths < sizes)
        if len(room) == 0:
            break
        widths[room[widths[room].argmin()]] += 1
    return widths


def _enough(needs: Ints, widths: Ints) -> tuple[float, ...]:
    """Share of the users who need one call; then the mean number of levels that it settles.

    The second decides between equal first ones, and leads out of plateaus.
    """
    settled = np.cumprod(needs <= widths, axis=1)
    return float(settled[:, -1].mean()), float(settled.mean()), float((needs <= widths).mean())
