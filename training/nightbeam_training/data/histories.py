"""Histories: each user's items, oldest first, one JSON object per line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.data.json_lines import json_lines
from nightbeam_training.errors import TrainingError


@dataclass(frozen=True)
class Histories:
    """Users and their items as indices into the catalogue, oldest first."""

    users: list[str]
    items: list[Ints]


def read_histories(path: Path, catalogue: Catalogue, limit: int | None = None) -> Histories:
    """Reads `{"user": "u1", "history": ["0", "7"]}` lines.

    Raises TrainingError BAD_HISTORIES, naming the line: not JSON, a missing field, or an item that
    is not in the catalogue.
    """
    users: list[str] = []
    items: list[Ints] = []
    for place, row in islice(json_lines(path, "BAD_HISTORIES"), limit):
        user, history = _parse(place, row, catalogue)
        users.append(user)
        items.append(history)
    if not users:
        raise TrainingError("BAD_HISTORIES", f"{path}: has no histories")
    return Histories(users=users, items=items)


def _parse(place: str, row: object, catalogue: Catalogue) -> tuple[str, Ints]:
    user = row.get("user") if isinstance(row, dict) else None
    history = row.get("history") if isinstance(row, dict) else None
    if not isinstance(user, str) or not isinstance(history, list):
        raise TrainingError(
            "BAD_HISTORIES", f'{place}: expected {{"user": "…", "history": ["item", …]}}'
        )
    known = catalogue.index_of
    unknown = [item for item in history if not isinstance(item, str) or item not in known]
    if unknown:
        raise TrainingError(
            "BAD_HISTORIES", f"{place}: item {unknown[0]!r} is not in the catalogue"
        )
    return user, np.array([catalogue.index_of[item] for item in history], dtype=np.int64)
