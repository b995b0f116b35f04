"""What a recommender learns from a history: a sequence of tokens, and which of them it predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompt_kinds import ItemsPrompt
from nightbeam_training.data.prompts import Prompts


@dataclass(frozen=True)
class Example:
    tokens: Ints
    learned: int
    """How many tokens, from the end, are predicted."""


class Examples(Protocol):
    """One example per user and epoch."""

    def sizes(self, users: Ints, rng: np.random.Generator) -> Ints:
        """Items of each user's example: those of one size have about the same number of tokens."""
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

    def sizes(self, users: Ints, rng: np.random.Generator) -> Ints:
        return np.array([len(self._histories[user]) for user in users])

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

    def sizes(self, users: Ints, rng: np.random.Generator) -> Ints:
        """Items before the cut."""
        return np.array([rng.integers(1, len(self._histories.items[user])) for user in users])

    def example(self, user: int, size: int, rng: np.random.Generator) -> Example:
        items = self._histories.items[user]
        prompt = self._prompts.encode(items[:size], self._histories.texts[user])
        answer = self._prompts.answer(int(items[size]))
        return Example(np.concatenate([prompt, answer]), learned=len(answer))
