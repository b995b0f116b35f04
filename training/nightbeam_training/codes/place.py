"""Assigns codes under a limit on the points of one prefix that may share a code."""

from __future__ import annotations

import numpy as np

from nightbeam_training.codes.kmeans import Floats, nearest
from nightbeam_training.data.catalogue import Ints


def place(points: Floats, centroids: Floats, *, prefix: Ints, capacity: int) -> Ints:
    """Code of each point: [points].

    At most `capacity` points of a prefix get the same code, or as few as possible if the prefix has
    more points than all codes have capacity for. The nearest points keep their code; the others,
    again the nearest first, go to the nearest code with free capacity.
    """
    wide = len(centroids)
    codes, squared = nearest(points, centroids)
    limits = np.maximum(capacity, -(-np.bincount(prefix) // wide))
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
