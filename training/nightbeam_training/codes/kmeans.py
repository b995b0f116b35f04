"""k-means in chunks: Lloyd's iterations from k-means++ starts (Arthur & Vassilvitskii, 2007)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nightbeam_training.data.catalogue import Ints

Floats = npt.NDArray[np.float32]

_CHUNK = 16_384
"""Points per chunk of distances: with 256 centroids, 16 MiB."""
_POINTS_PER_CENTROID = 256
"""Points per centroid that are used for training; more hardly help (the default of faiss)."""


def nearest(points: Floats, centroids: Floats) -> tuple[Ints, Floats]:
    """Nearest centroid of each point, and its squared distance: both [points]."""
    codes = np.empty(len(points), dtype=np.int64)
    squared = np.empty(len(points), dtype=np.float32)
    sizes = np.einsum("cw,cw->c", centroids, centroids)
    for start in range(0, len(points), _CHUNK):
        chunk = points[start : start + _CHUNK]
        # The points' own lengths do not change which centroid is nearest.
        scores = sizes - 2 * (chunk @ centroids.T)
        best = scores.argmin(axis=1)
        codes[start : start + _CHUNK] = best
        gap = chunk - centroids[best]
        squared[start : start + _CHUNK] = np.einsum("pw,pw->p", gap, gap)
    return codes, squared


def kmeans(
    points: Floats,
    *,
    clusters: int,
    rng: np.random.Generator,
    restarts: int = 3,
    iterations: int = 40,
) -> Floats:
    """Centroids of the best of several runs, largest cluster first: [clusters, width].

    There are always `clusters` rows: if the points have fewer distinct values, some coincide.
    """
    limit = _POINTS_PER_CENTROID * clusters
    if len(points) > limit:
        points = points[np.sort(rng.choice(len(points), size=limit, replace=False))]
    runs = [_lloyd(points, _spread(points, clusters, rng), iterations) for _ in range(restarts)]
    centroids = min(runs, key=lambda run: run[1])[0]
    sizes = np.bincount(nearest(points, centroids)[0], minlength=clusters)
    return centroids[np.argsort(-sizes, kind="stable")]


def _spread(points: Floats, clusters: int, rng: np.random.Generator) -> Floats:
    """k-means++: each next start is drawn by squared distance to the nearest one so far."""
    chosen = [int(rng.integers(len(points)))]
    squared = nearest(points, points[chosen])[1]
    while len(chosen) < clusters:
        total = np.cumsum(squared, dtype=np.float64)
        if total[-1] > 0:
            drawn = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
            drawn = min(drawn, len(points) - 1)
        else:
            drawn = int(rng.integers(len(points)))
        chosen.append(drawn)
        squared = np.minimum(squared, nearest(points, points[[drawn]])[1])
    return points[chosen]


def _lloyd(points: Floats, centroids: Floats, iterations: int) -> tuple[Floats, float]:
    """Converged centroids, and the sum of squared distances to them."""
    codes, squared = nearest(points, centroids)
    for _ in range(iterations):
        centroids = _means(points, codes, centroids, squared)
        before = codes
        codes, squared = nearest(points, centroids)
        if np.array_equal(before, codes):
            break
    return centroids, float(squared.sum(dtype=np.float64))


def _means(points: Floats, codes: Ints, centroids: Floats, squared: Floats) -> Floats:
    """Means of the clusters; an empty one restarts at a point that is far from its centroid."""
    sizes = np.bincount(codes, minlength=len(centroids))
    order = np.argsort(codes, kind="stable")
    filled = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[filled]
    means = centroids.copy()
    sums = np.add.reduceat(points[order], starts, axis=0, dtype=np.float64)
    means[filled] = (sums / sizes[filled, None]).astype(np.float32)
    empty = np.flatnonzero(sizes == 0)
    far = np.argsort(-squared, kind="stable")[: len(empty)]
    means[empty[: len(far)]] = points[far]
    return means
