"""Users with their prompts, and their batches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalogue import Catalogue


@dataclass(frozen=True)
class User:
    name: str
    prompt: list[int]


def read_users(path: Path, catalogue: Catalogue) -> list[User]:
    users: list[User] = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        history = [str(item) for item in row["history"]]
        users.append(User(str(row["user"]), catalogue.prompt(history)))
    return users


def batches_of(users: list[User], mode: str, size: int) -> Iterator[list[User]]:
    if mode == "equal":
        by_length: dict[int, list[User]] = {}
        for user in users:
            by_length.setdefault(len(user.prompt), []).append(user)
        groups, step = list(by_length.values()), size
    else:
        ordered = sorted(users, key=lambda user: len(user.prompt)) if mode == "sorted" else users
        groups, step = [ordered], 1 if mode == "one" else size
    for group in groups:
        for start in range(0, len(group), step):
            yield group[start : start + step]
