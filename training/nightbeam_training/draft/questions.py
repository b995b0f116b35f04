"""Which histories the target is asked about, so that a draft has enough to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from nightbeam_training.data.augment import Kind, Question, questions
from nightbeam_training.data.histories import Histories

# Mixed histories, which no user ever had, teach the most (docs/results/alignment.md).
_KINDS: tuple[tuple[Kind, int], ...] = (("mix", 0), ("cut", 1), ("mix", 0))
"""Kinds, and how often each is asked about again with an item of the target's own list appended
(rolled)."""
USERS = 512
"""Users per round, so that every kind gets its share of any number of examples."""


@dataclass(frozen=True)
class Round:
    """Questions of one kind about a few users: at most one per user."""

    number: int
    kind: Kind
    roll: int
    questions: list[Question]

    @property
    def name(self) -> str:
        return f"{self.number:05d}-{self.kind}"

    @property
    def examples(self) -> int:
        return len(self.questions) * (self.roll + 1)


def rounds(histories: Histories, *, examples: int, seed: int) -> Iterator[Round]:
    """Rounds with `examples` examples together.

    Of each user the whole history comes first, as runs ask about it, then cut and mixed ones; after
    the last user it begins again with other cuts and mixtures. A round is a function of the seed
    and its number.
    """
    left = examples
    for number, (kind, roll, users) in enumerate(_endless(len(histories.users))):
        if left <= 0:
            return
        asked = questions(
            histories.items[users],
            kind=kind,
            copies=1,
            seed=seed + number,
            texts=histories.texts[users],
        )
        made = Round(number, kind, roll, list(islice(asked, -(-left // (roll + 1)))))
        left -= made.examples
        if made.questions:
            yield made


def _endless(users: int) -> Iterator[tuple[Kind, int, slice]]:
    """Kind, rolls and users of every round."""
    whole: tuple[Kind, int] = ("whole", 0)
    for turn in count():
        for start in range(0, users, USERS):
            for kind, roll in (*((whole,) if turn == 0 else ()), *_KINDS):
                yield kind, roll, slice(start, start + USERS)
