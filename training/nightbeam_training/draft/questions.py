"""Which histories the target is asked about, so that a draft has enough to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice

from nightbeam_training.data.augment import Kind, Question, questions
from nightbeam_training.data.histories import Histories

# Mixed histories, which no user ever had, teach the most (docs/results/alignment.md).
_KINDS: tuple[tuple[Kind, int], ...] = (("mix", 0), ("cut", 1), ("mix", 0))
"""After whole histories: kinds, and how often each is asked about again with an item of the
target's own list appended (rolled)."""


@dataclass(frozen=True)
class Round:
    """Questions of one kind: at most one per user."""

    number: int
    kind: Kind
    roll: int
    questions: list[Question]

    @property
    def name(self) -> str:
        return f"{self.number:03d}-{self.kind}"

    @property
    def examples(self) -> int:
        return len(self.questions) * (self.roll + 1)


def rounds(histories: Histories, *, examples: int, seed: int) -> Iterator[Round]:
    """Rounds with `examples` examples together; whole histories first, as runs ask about them.

    Every round draws its own cuts and mixtures, and is a function of the seed and its number.
    """
    left = examples
    whole: tuple[Kind, int] = ("whole", 0)
    for number, (kind, roll) in enumerate(chain([whole], cycle(_KINDS))):
        if left <= 0:
            return
        asked = questions(
            histories.items, kind=kind, copies=1, seed=seed + number, texts=histories.texts
        )
        made = Round(number, kind, roll, list(islice(asked, -(-left // (roll + 1)))))
        left -= made.examples
        if made.questions:
            yield made
