"""Item vectors from co-occurrence in histories: positive PMI, factorised.

Levy & Goldberg, "Neural Word Embedding as Implicit Matrix Factorization" (NeurIPS 2014); the
smoothed contexts and the root of the singular values are from Levy, Goldberg & Dagan (TACL 2015).
The factorisation is by random projection (Halko, Martinsson & Tropp, 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from nightbeam_training.codes.kmeans import Floats
from nightbeam_training.data.catalogue import Ints

_SMOOTHING = 0.75
"""Power of the contexts' counts: below 1, rare contexts do not stand out by chance."""
_OVERSAMPLED = 16
_ROUNDS = 4


@dataclass(frozen=True)
class CooccurrenceOptions:
    width: int = 64
    window: int = 5
    """Number of items to either side that count as near."""
    shift: float = 1.0
    """log(shift) is subtracted from each PMI; 1 subtracts nothing."""


def cooccurrence_vectors(
    sequences: list[Ints], *, items: int, seed: int, options: CooccurrenceOptions
) -> Floats:
    """Unit vectors [items, width] of items in sequences; zero for items without pairs."""
    keys, weights = _near_pairs(sequences, items=items, window=options.window)
    rows = np.concatenate([keys // items, keys % items])
    columns = np.concatenate([keys % items, keys // items])
    values = _pmi(rows, columns, np.concatenate([weights, weights]), items) - np.log(options.shift)
    positive = values > 0
    matrix = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([rows[positive], columns[positive]])),
        torch.from_numpy(values[positive].astype(np.float32)),
        (items, items),
        check_invariants=False,
    ).coalesce()
    return unit_rows(_factor(matrix, width=min(options.width, items), seed=seed))


def unit_rows(vectors: Floats) -> Floats:
    """Rows of length 1, so that an item's frequency does not affect its code; 0 stays 0."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(length > 1e-6, length, 1)).astype(np.float32)


def _near_pairs(
    sequences: list[Ints], *, items: int, window: int
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Pairs of different items at most `window` apart, as low * items + high, and their weights.

    Nearer pairs have more weight, linearly from 1 down to 1 / window (word2vec's sampled window).
    """
    flat = np.concatenate(sequences)
    owner = np.repeat(np.arange(len(sequences)), [len(sequence) for sequence in sequences])
    keys, weights = [], []
    for apart in range(1, window + 1):
        left, right = flat[:-apart], flat[apart:]
        near = (owner[:-apart] == owner[apart:]) & (left != right)
        left, right = left[near], right[near]
        pair, times = np.unique(
            np.minimum(left, right) * items + np.maximum(left, right), return_counts=True
        )
        keys.append(pair)
        weights.append(times * ((window + 1 - apart) / window))
    every: Ints = np.concatenate(keys)
    pairs, inverse = np.unique(every, return_inverse=True)
    totals = np.bincount(inverse, weights=np.concatenate(weights), minlength=len(pairs))
    return pairs, totals.astype(np.float64)


def _pmi(
    rows: Ints, columns: Ints, weights: npt.NDArray[np.float64], items: int
) -> npt.NDArray[np.float64]:
    """log of how much more often than by chance a pair occurs: [pairs]."""
    taken = np.bincount(rows, weights=weights, minlength=items)
    contexts = taken**_SMOOTHING
    pmi: npt.NDArray[np.float64] = np.log(
        weights * contexts.sum() / (taken[rows] * contexts[columns])
    )
    return pmi


def _factor(matrix: torch.Tensor, *, width: int, seed: int) -> Floats:
    """Left singular vectors times the root of the singular values: [items, width]."""
    items = matrix.shape[0]
    generator = torch.Generator().manual_seed(seed)
    flipped = matrix.t().coalesce()
    probe = torch.randn(items, min(width + _OVERSAMPLED, items), generator=generator)
    basis = torch.linalg.qr(torch.sparse.mm(matrix, probe))[0]
    for _ in range(_ROUNDS):
        back = torch.linalg.qr(torch.sparse.mm(flipped, basis))[0]
        basis = torch.linalg.qr(torch.sparse.mm(matrix, back))[0]
    left, values, _ = torch.linalg.svd(torch.sparse.mm(flipped, basis).t(), full_matrices=False)
    factors = (basis @ left)[:, :width] * values[:width].sqrt()
    vectors: Floats = factors.numpy()
    return vectors
