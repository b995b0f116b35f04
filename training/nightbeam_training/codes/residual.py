"""Code paths by k-means, level by level, on the residual that the previous levels leave.

Items with similar vectors share a prefix, as in the semantic IDs of TIGER (Rajput et al., 2023).
TIGER has one codebook per level for all prefixes. If the items form separate clusters, most of that
codebook is unused below any one prefix: a few prefixes overflow, and many paths have a single
continuation. So every prefix has its own clusters, as in the hierarchical identifiers of DSI (Tay
et al., 2022), and a codebook for the level only names them: clusters at similar positions within
their prefixes get the same code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nightbeam_training.codes.kmeans import Floats, kmeans
from nightbeam_training.codes.place import place
from nightbeam_training.data.catalogue import Ints


@dataclass(frozen=True)
class LevelFit:
    """Statistics of one level."""

    codes_used: int
    prefixes: int
    """Distinct code paths down to this level: the nodes of the trie."""
    single: int
    """Prefixes of the level above with a single code here."""
    explained: float
    """Share of the vectors' variance explained by the clusters down to this level."""


@dataclass(frozen=True)
class PathFit:
    """Every item's code path."""

    paths: Ints
    """[items, levels]"""
    levels: tuple[LevelFit, ...]
    shared_paths: int
    """Paths of more than one item."""
    items_sharing: int
    """Items on those paths."""


def residual_paths(vectors: Floats, *, codes_per_level: tuple[int, ...], seed: int) -> PathFit:
    """Code paths of items from their vectors [items, width].

    A prefix holds no more items than there are paths below it, so paths are shared only if there
    are more items than paths.
    """
    rng = np.random.default_rng(seed)
    residual = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    whole = _energy(residual)
    prefix: Ints = np.zeros(len(vectors), dtype=np.int64)
    columns, levels = [], []
    for level in range(len(codes_per_level)):
        clusters, means, owner = _split(residual, prefix, codes_per_level[level:], rng)
        named = int(np.bincount(owner).max())
        codebook = kmeans(residual, clusters=named, rng=rng)
        codes = place(means, codebook, prefix=owner, capacity=1)[clusters]
        residual = residual - means[clusters]
        # Clusters are ordered by prefix, so a cluster's number is its prefix at the next level.
        prefix = clusters
        columns.append(codes)
        levels.append(
            LevelFit(
                codes_used=len(np.unique(codes)),
                prefixes=len(means),
                single=int((np.bincount(owner) == 1).sum()),
                explained=1 - _energy(residual) / whole if whole > 0 else 1.0,
            )
        )
    sizes = np.bincount(prefix)
    return PathFit(
        paths=np.stack(columns, axis=1),
        levels=tuple(levels),
        shared_paths=int((sizes > 1).sum()),
        items_sharing=int(sizes[sizes > 1].sum()),
    )


def _split(
    points: Floats, prefix: Ints, codes_left: tuple[int, ...], rng: np.random.Generator
) -> tuple[Ints, Floats, Ints]:
    """Splits every prefix: cluster of each point, and each cluster's mean and prefix."""
    clusters = np.empty(len(points), dtype=np.int64)
    means: list[Floats] = []
    owner: list[int] = []
    order = np.argsort(prefix, kind="stable")
    for group, members in enumerate(np.split(order, np.cumsum(np.bincount(prefix))[:-1])):
        mine = points[members]
        local = _cluster(mine, codes_left, rng)
        found, local = np.unique(local, return_inverse=True)
        clusters[members] = len(owner) + local
        sums = np.zeros((len(found), points.shape[1]))
        np.add.at(sums, local, mine)
        means.append((sums / np.bincount(local)[:, None]).astype(np.float32))
        owner += [group] * len(found)
    return clusters, np.concatenate(means), np.array(owner)


def _cluster(points: Floats, codes_left: tuple[int, ...], rng: np.random.Generator) -> Ints:
    """Cluster of each point of one prefix; `codes_left` are those of this level and the levels
    below."""
    items = len(points)
    count = _branches(items, codes_left)
    if count >= items:
        return np.arange(items)
    capacity = math.prod(codes_left[1:])
    # A capacity above the number of items is no limit; the cap keeps the number within 64 bits.
    return place(
        points,
        kmeans(points, clusters=count, rng=rng),
        prefix=np.zeros(items, dtype=np.int64),
        capacity=min(capacity, items),
    )


def _branches(items: int, codes_left: tuple[int, ...]) -> int:
    """Number of clusters of a prefix with this many items.

    The items are divided evenly over the remaining levels, so that every level has a choice left:
    with r levels of equally many codes left, the r-th root of the items.
    """
    weights = [math.log(codes) for codes in codes_left]
    share = weights[0] / sum(weights) if sum(weights) > 0 else 1.0
    even = math.ceil(round(float(items**share), 6))
    least = -(-items // math.prod(codes_left[1:]))
    return min(max(even, least), codes_left[0])


def _energy(vectors: Floats) -> float:
    return float(np.einsum("iw,iw->i", vectors, vectors).sum(dtype=np.float64))
