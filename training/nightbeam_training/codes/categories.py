"""Rare and unseen items borrow the vector of their category."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nightbeam_training.codes.cooccurrence import unit_rows
from nightbeam_training.codes.kmeans import Floats
from nightbeam_training.data.catalogue import Ints


def blend_with_categories(
    vectors: Floats, *, taken: Ints, categories: list[tuple[str, ...]], weight: float
) -> Floats:
    """Unit vectors [items, width], blended with the category's: the rarer the item, the more.

    An item taken n times keeps n / (n + weight) of its own vector; the rest is the mean of its
    category, which is blended with the wider category in the same way. `taken` [items] has the
    counts. An item without a category keeps its own vector, or gets the mean of all if it was never
    taken.
    """
    trust = taken / (taken + weight) if weight > 0 else (taken > 0).astype(np.float64)
    whole = (trust @ vectors) / max(float(trust.sum()), 1e-12)
    prior = np.broadcast_to(whole, vectors.shape).copy()
    depth = max((len(path) for path in categories), default=0)
    for level in range(1, depth + 1):
        prior = _closer(prior, vectors, trust=trust, level=level, categories=categories)
    has_category = np.array([len(path) > 0 for path in categories])
    own = np.where(has_category, trust, (taken > 0).astype(np.float64))[:, None]
    return unit_rows((own * vectors + (1 - own) * prior).astype(np.float32))


def _closer(
    prior: npt.NDArray[np.float64],
    vectors: Floats,
    *,
    trust: npt.NDArray[np.float64],
    level: int,
    categories: list[tuple[str, ...]],
) -> npt.NDArray[np.float64]:
    """Means by the first `level` names of the category; the wider category counts as one more
    item."""
    numbers: dict[tuple[str, ...], int] = {}
    deep = np.array([row for row, path in enumerate(categories) if len(path) >= level])
    group = np.array([numbers.setdefault(categories[row][:level], len(numbers)) for row in deep])
    sums = np.zeros((len(numbers), vectors.shape[1]))
    np.add.at(sums, group, trust[deep, None] * vectors[deep])
    mass = np.bincount(group, weights=trust[deep])[group, None]
    closer = prior.copy()
    closer[deep] = (sums[group] + prior[deep]) / (mass + 1)
    return closer
