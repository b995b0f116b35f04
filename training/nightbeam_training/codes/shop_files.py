"""Input for learning vectors: histories, and a list of items with their categories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.json_lines import json_lines
from nightbeam_training.errors import Code, TrainingError


@dataclass(frozen=True)
class Shop:
    """Items, their categories from general to special, and sequences of indices into the items."""

    item_ids: list[str]
    categories: list[tuple[str, ...]]
    sequences: list[Ints]


def read_shop(histories: Path, items: Path | None) -> Shop:
    """Reads `{"user": "u1", "history": ["0", "7"]}` and `{"item": "0", "category": ["a", "b"]}`.

    The items are those of the list, then those that are only in the histories, in order of
    appearance. Raises TrainingError BAD_HISTORIES or BAD_CATALOGUE, naming the line.
    """
    known: dict[str, tuple[str, ...]] = {}
    if items is not None:
        for place, row in _rows(items, "BAD_CATALOGUE"):
            item, category = _item_of(place, row)
            if item in known:
                raise TrainingError("BAD_CATALOGUE", f"{place}: item {item} is listed twice")
            known[item] = category
    index = {item: number for number, item in enumerate(known)}
    sequences = []
    for place, row in _rows(histories, "BAD_HISTORIES"):
        history = row.get("history")
        if not isinstance(history, list) or not all(isinstance(item, str) for item in history):
            raise TrainingError(
                "BAD_HISTORIES", f'{place}: expected {{"user": "…", "history": ["item", …]}}'
            )
        taken = [index.setdefault(item, len(index)) for item in history]
        sequences.append(np.array(taken, dtype=np.int64))
    if not any(len(sequence) > 1 for sequence in sequences):
        raise TrainingError(
            "BAD_HISTORIES", f"{histories}: needs a history of at least two items to learn from"
        )
    return Shop(
        item_ids=list(index),
        categories=[known.get(item, ()) for item in index],
        sequences=sequences,
    )


def _item_of(place: str, row: dict[str, object]) -> tuple[str, tuple[str, ...]]:
    item, category = row.get("item"), row.get("category", [])
    if not isinstance(item, str) or not isinstance(category, list):
        raise TrainingError(
            "BAD_CATALOGUE", f'{place}: expected {{"item": "…", "category": ["general", …]}}'
        )
    return item, tuple(str(name) for name in category)


def _rows(path: Path, code: Code) -> Iterator[tuple[str, dict[str, object]]]:
    """(place for messages, object) of each line."""
    for place, row in json_lines(path, code):
        if not isinstance(row, dict):
            raise TrainingError(code, f"{place}: is not a JSON object")
        yield place, row
