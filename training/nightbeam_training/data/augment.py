"""Augmented histories: the target can label any history, including synthetic ones.

`cut` stops a history early, so that the next item is known. `mix` continues it with the end of
another user's. `roll`, which needs the target, is in `teach/write.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.prompt_text import UserTexts

Kind = Literal["whole", "last", "cut", "mix"]


@dataclass(frozen=True)
class Question:
    """A history to ask the target about, and the user's next item if known."""

    history: Ints
    next_item: int | None
    texts: UserTexts = field(default_factory=dict)


def questions(
    histories: list[Ints],
    *,
    kind: Kind,
    copies: int,
    seed: int,
    texts: Sequence[UserTexts] = (),
) -> Iterator[Question]:
    """`copies` questions per history; order and draws depend only on the seed.

    whole: all of it, the next item is unknown (copies would be equal, so there is one); last: all
    but the last item, which is the next item; cut: stopped at a random place; mix: the start of one
    history and the end of a random other one. texts: of the users; those of the user whose history
    it begins with belong to a question.
    """
    for copy in range(copies if kind in ("cut", "mix") else 1):
        for number, history in enumerate(histories):
            rng = np.random.default_rng((seed, copy, number))
            question = _question(history, histories, kind, rng)
            if question is not None:
                yield replace(question, texts=texts[number]) if texts else question


def _question(
    history: Ints, others: list[Ints], kind: Kind, rng: np.random.Generator
) -> Question | None:
    if kind == "whole":
        return Question(history, None) if len(history) > 0 else None
    if kind == "mix":
        other = others[int(rng.integers(len(others)))]
        head = history[: int(rng.integers(1, len(history) + 1))] if len(history) else history
        tail = other[int(rng.integers(len(other))) :] if len(other) else other
        mixed = np.concatenate([head, tail])
        return Question(mixed, None) if len(mixed) > 0 else None
    if len(history) < 2:
        return None
    stop = len(history) - 1 if kind == "last" else int(rng.integers(1, len(history)))
    return Question(history[:stop], int(history[stop]))
