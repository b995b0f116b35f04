"""What a recommender learns from a history: a sequence of tokens, and which of them it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompt_kinds import ItemsPrompt
from nightbeam_training.data.prompts import Prompts

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
JITTER = 4
"""Items by which the sizes of a batch's examples may differ."""


@dataclass(frozen=True)
class Example:
    tokens: Ints
    learned: int
    """How many tokens, from the end, are predicted."""


class Examples(Protocol):
    """What an epoch learns from the histories of some users."""

    def count(self, users: Ints) -> int:
        """Examples per epoch."""
        ...

    def draw(self, users: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """The examples of an epoch: their users, and their sizes. Those of one size have about the
        same number of tokens."""
        ...

    def near(self, sizes: Ints, rng: np.random.Generator) -> Floats:
        """Keys by which the examples are sorted into batches, so that sequences of similar length
        share one; they vary which ones do."""
        ...

    def example(self, user: int, size: int, rng: np.random.Generator) -> Example: ...


def examples_of(histories: Histories, prompts: Prompts) -> Examples:
    """Whole windows if every code of a prompt follows a shorter prompt, otherwise pairs."""
    prompt = prompts.spec.prompt
    if isinstance(prompt, ItemsPrompt) and prompt.plain and not prompts.closing:
        return Windows(histories.items, prompts)
    return Pairs(histories, prompts)


class Windows:
    """A random window of a history, as long as a prompt and its answer: every code is learned."""

    def __init__(self, histories: list[Ints], prompts: Prompts) -> None:
        self._histories = histories
        self._prompts = prompts

    def count(self, users: Ints) -> int:
        return len(users)

    def draw(self, users: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        return users, np.array([len(self._histories[user]) for user in users])

    def near(self, sizes: Ints, rng: np.random.Generator) -> Floats:
        return sizes + rng.random(len(sizes)) * JITTER

    def example(self, user: int, size: int, rng: np.random.Generator) -> Example:
        window = self._prompts.spec.prompt.maxItems + 1
        start = int(rng.integers(max(size - window, 0) + 1))
        items = self._histories[user][start : start + window]
        tokens = self._prompts.encode(items, whole=True)
        return Example(tokens, learned=len(tokens) - 1)


class Pairs:
    """The prompt of a history that is cut at a random place, and the answer: the next item's codes
    and the closing tokens, which alone are learned."""

    def __init__(self, histories: Histories, prompts: Prompts) -> None:
        self._histories = histories
        self._prompts = prompts

    def count(self, users: Ints) -> int:
        return len(users)

    def draw(self, users: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Sizes are items before the cut."""
        cuts = [rng.integers(1, len(self._histories.items[user])) for user in users]
        return users, np.array(cuts)

    def near(self, sizes: Ints, rng: np.random.Generator) -> Floats:
        return sizes + rng.random(len(sizes)) * JITTER

    def example(self, user: int, size: int, rng: np.random.Generator) -> Example:
        items = self._histories.items[user]
        prompt = self._prompts.encode(items[:size], self._histories.texts[user])
        answer = self._answer(items[size:])
        return Example(np.concatenate([prompt, answer]), learned=len(answer))

    def _answer(self, items: Ints) -> Ints:
        """items: from the cut to the end of the history."""
        return self._prompts.answer(int(items[0]))


class NextItems(Pairs):
    """For models that predict nothing of a prompt, as encoder-decoders: every pair of each history,
    cut before each of its items but the first. Answers go on with the items after the next one."""

    def __init__(self, histories: Histories, prompts: Prompts, *, items: int) -> None:
        """items: of an answer at most."""
        super().__init__(histories, prompts)
        self._items = items

    def count(self, users: Ints) -> int:
        return sum(len(self._histories.items[user]) - 1 for user in users)

    def draw(self, users: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        counts = [len(self._histories.items[user]) - 1 for user in users]
        return np.repeat(users, counts), np.concatenate([np.arange(count) + 1 for count in counts])

    def near(self, sizes: Ints, rng: np.random.Generator) -> Floats:
        # There are enough pairs of one size to fill batches without padding.
        return np.minimum(sizes, self._prompts.spec.prompt.maxItems) + rng.random(len(sizes))

    def _answer(self, items: Ints) -> Ints:
        return np.concatenate([self._prompts.answer(int(item)) for item in items[: self._items]])
