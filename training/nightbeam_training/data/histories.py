"""Histories: each user's items, oldest first, one JSON object per line; and texts of the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.data.json_lines import json_lines
from nightbeam_training.data.prompt_text import UserTexts
from nightbeam_training.errors import TrainingError


@dataclass(frozen=True)
class Histories:
    """Users and their items as indices into the catalogue, oldest first."""

    users: list[str]
    items: list[Ints]
    texts: list[UserTexts]
    """By column; empty unless columns were asked for."""

    def __len__(self) -> int:
        return len(self.users)

    def take(self, rows: Ints) -> Histories:
        """Those users, in this order."""
        return Histories(
            users=[self.users[row] for row in rows],
            items=[self.items[row] for row in rows],
            texts=[self.texts[row] for row in rows],
        )

    def where(self, keep: Callable[[Ints, UserTexts], bool]) -> Histories:
        """Those users whose items and texts are to be kept."""
        kept = [keep(*each) for each in zip(self.items, self.texts, strict=True)]
        return self.take(np.flatnonzero(kept))


def read_histories(
    path: Path,
    catalogue: Catalogue,
    limit: int | None = None,
    *,
    columns: Sequence[str] = (),
) -> Histories:
    """Reads `{"user": "u1", "history": ["0", "7"]}` lines.

    columns: fields to read as the user's texts (`PromptSpec.columns`). Raises TrainingError
    BAD_HISTORIES, naming the line: not JSON, a missing field, or an item that is not in the
    catalogue.
    """
    users: list[str] = []
    items: list[Ints] = []
    texts: list[UserTexts] = []
    for place, row in islice(json_lines(path, "BAD_HISTORIES"), limit):
        if not isinstance(row, dict):
            row = {}
        user, history = _parse(place, row, catalogue)
        users.append(user)
        items.append(history)
        texts.append({name: _text(place, row, name) for name in columns})
    if not users:
        raise TrainingError("BAD_HISTORIES", f"{path}: has no histories")
    return Histories(users=users, items=items, texts=texts)


def _text(place: str, row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    if isinstance(value, str):
        return value
    # Whole numbers are written alike in all languages.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TrainingError(
        "BAD_HISTORIES",
        f"{place}: {column} must be a text: the model's prompts have {{column:{column}}}",
    )


def _parse(place: str, row: Mapping[str, object], catalogue: Catalogue) -> tuple[str, Ints]:
    user, history = row.get("user"), row.get("history")
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
