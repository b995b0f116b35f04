"""From item vectors or histories to an item index on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nightbeam_training.codes.categories import blend_with_categories
from nightbeam_training.codes.cooccurrence import CooccurrenceOptions, cooccurrence_vectors
from nightbeam_training.codes.index_file import write_index
from nightbeam_training.codes.item_vectors import ItemVectors, read_vectors, write_vectors
from nightbeam_training.codes.residual import PathFit, residual_paths
from nightbeam_training.codes.shop_files import read_shop
from nightbeam_training.errors import TrainingError

_MAX_LEVELS = 26
"""Levels are named with the letters a to z."""
_MAX_CODES = 65_536
"""The runtime stores a code in 16 bits."""


@dataclass(frozen=True)
class CodesOptions:
    out: Path
    vectors: Path | None = None
    histories: Path | None = None
    items: Path | None = None
    vectors_out: Path | None = None
    codes_per_level: tuple[int, ...] = (256, 256, 256, 256)
    seed: int = 0
    cooccurrence: CooccurrenceOptions = field(default_factory=CooccurrenceOptions)
    category_weight: float = 10.0
    """Number of events at which an item's own vector has the same weight as its category's."""


@dataclass(frozen=True)
class CodesReport:
    items: int
    width: int
    fit: PathFit


def make_codes(options: CodesOptions) -> CodesReport:
    """Writes the index, and the vectors if requested.

    Raises TrainingError BAD_OPTION, BAD_VECTORS, BAD_HISTORIES or BAD_CATALOGUE.
    """
    _check(options)
    vectors = _vectors_of(options)
    fit = residual_paths(
        vectors.vectors, codes_per_level=options.codes_per_level, seed=options.seed
    )
    if options.vectors_out is not None:
        write_vectors(options.vectors_out, vectors)
    write_index(options.out, vectors.item_ids, fit.paths)
    return CodesReport(items=len(vectors.item_ids), width=vectors.vectors.shape[1], fit=fit)


def _check(options: CodesOptions) -> None:
    if (options.vectors is None) == (options.histories is None):
        raise TrainingError("BAD_OPTION", "give either --vectors or --histories")
    if options.vectors is not None and (options.items or options.vectors_out):
        raise TrainingError("BAD_OPTION", "--items and --vectors-out need --histories")
    if options.vectors_out is not None and options.vectors_out.suffix != ".npz":
        raise TrainingError("BAD_OPTION", "--vectors-out: the name must end in .npz")
    if not 1 <= len(options.codes_per_level) <= _MAX_LEVELS:
        raise TrainingError("BAD_OPTION", f"--levels must be 1 to {_MAX_LEVELS}")
    if not all(1 <= codes <= _MAX_CODES for codes in options.codes_per_level):
        raise TrainingError("BAD_OPTION", f"--codes-per-level must be 1 to {_MAX_CODES}")
    if options.cooccurrence.width < 1 or options.cooccurrence.window < 1:
        raise TrainingError("BAD_OPTION", "--width and --window must be at least 1")
    if options.cooccurrence.shift <= 0 or options.category_weight < 0:
        raise TrainingError(
            "BAD_OPTION", "--shift must be above 0, --category-weight must be at least 0"
        )


def _vectors_of(options: CodesOptions) -> ItemVectors:
    if options.vectors is not None:
        return read_vectors(options.vectors)
    if options.histories is None:
        raise TrainingError("BAD_OPTION", "give either --vectors or --histories")
    shop = read_shop(options.histories, options.items)
    items = len(shop.item_ids)
    own = cooccurrence_vectors(
        shop.sequences, items=items, seed=options.seed, options=options.cooccurrence
    )
    vectors = blend_with_categories(
        own,
        taken=np.bincount(np.concatenate(shop.sequences), minlength=items),
        categories=shop.categories,
        weight=options.category_weight,
    )
    return ItemVectors(item_ids=shop.item_ids, vectors=vectors)
