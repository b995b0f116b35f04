"""Codes under a limit: how the items of one prefix share the next level's codes."""

from __future__ import annotations

import numpy as np

from nightbeam_training.codes.kmeans import Floats, nearest
from nightbeam_training.data.catalogue import Ints


def place(points: Floats, centroids: Floats, *, prefix: Ints, room: int) -> Ints:
    """Code of each point: [points].

    Among the points of a prefix at most `room` take the same code, or as few as can be where the
    prefix has more points than `room` for every code. The nearest points keep a code; the others,
    again the nearest first, go to the nearest code that has room.
    """
    wide = len(centroids)
    codes, squared = nearest(points, centroids)
    limits = np.maximum(room, -(-np.bincount(prefix) // wide))
    keys = prefix * wide + codes
    order = np.lexsort((squared, keys))
    ordered = keys[order]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    fits = rank < limits[prefix[order]]
    kept = ordered[fits]
    taken: dict[int, Ints] = {}
    late = order[~fits]
    for point in late[np.argsort(squared[late], kind="stable")].tolist():
        group = int(prefix[point])
        if group not in taken:
            mine = kept[_span(kept, group * wide, (group + 1) * wide)]
            taken[group] = np.bincount(mine - group * wide, minlength=wide)
        gap = centroids - points[point]
        apart = np.where(
            taken[group] < limits[group], np.einsum("cw,cw->c", gap, gap), np.float32(np.inf)
        )
        code = int(apart.argmin())
        codes[point] = code
        taken[group][code] += 1
    return codes


def _span(ascending: Ints, low: int, high: int) -> slice:
    start, end = np.searchsorted(ascending, [low, high])
    return slice(int(start), int(end))
