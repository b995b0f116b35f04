"""How a model reads histories of a catalogue: its prompts and the tokens of the codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np

from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.data.closing_levels import add_closing_levels
from nightbeam_training.data.closing_tokens import closing_tokens
from nightbeam_training.data.code_tokens import CodeTokens, Place, code_tokens, text_of
from nightbeam_training.data.prompt_encoder import (
    NO_TEXTS,
    Encode,
    fixed_tokens,
    items_encoder,
    text_encoder,
)
from nightbeam_training.data.prompt_kinds import ItemsPrompt
from nightbeam_training.data.prompt_spec import PROMPT_SPEC_FILE, PromptSpec
from nightbeam_training.data.prompt_text import UserTexts
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.tokenizer import open_tokenizer
from nightbeam_training.errors import TrainingError

_TEXTS = ["", "a", "Z", "7", "\u00e9", " "]
"""Texts of users that begin differently, so that no token of a start goes on in a text."""


@dataclass(frozen=True)
class ModelLimits:
    """What a checkpoint's `config.json` allows prompts to have."""

    vocabulary: int
    positions: int
    """For a prompt and the tokens of an answer."""
    answers_apart: bool = False
    """Whether the answer has positions of its own, as in an encoder-decoder."""


@dataclass(frozen=True)
class Prompts:
    """A checkpoint's prompts over one catalogue."""

    spec: PromptSpec
    catalogue: Catalogue
    tokens: CodeTokens
    closing: list[int]
    """Tokens that close an answer, after its codes."""
    limits: ModelLimits | None
    """None: the model is made for these prompts."""
    encode_paths: Encode

    def encode(self, history: Ints, texts: UserTexts = NO_TEXTS, *, whole: bool = False) -> Ints:
        """Prompt of one history [items], with its last `maxItems` items, or all if `whole`. A text
        that is missing is empty."""
        recent = history if whole else history[-self.spec.prompt.maxItems :]
        if self.spec.prompt.order == "newest-first":
            recent = recent[::-1]
        return np.array(self.encode_paths(self.catalogue.codes[recent], texts), dtype=np.int64)

    def answer(self, item: int) -> Ints:
        """What follows a prompt: the item's codes and the closing tokens."""
        codes = self.tokens.of(self.catalogue.codes[item])
        return np.concatenate([codes, np.array(self.closing, dtype=np.int64)])

    def searched(self, scoring: Scoring) -> Prompts:
        """The same with the levels that a search has, those of the closing tokens included. Under
        `renormalized` there are none: what follows a whole path is certain."""
        if scoring == "renormalized" or not self.closing:
            return self
        closed = np.full((len(self.closing), self.tokens.table.shape[1]), -1, dtype=np.int64)
        closed[:, 0] = self.closing
        return replace(
            self,
            catalogue=add_closing_levels(self.catalogue, len(self.closing)),
            tokens=CodeTokens(np.concatenate([self.tokens.table, closed])),
        )

    def padded(self, histories: list[Ints], texts: Sequence[UserTexts] = ()) -> Ints:
        """Prompts padded with -1 on the left: [users, tokens of the longest]."""
        given = texts or [NO_TEXTS] * len(histories)
        return pad_left([self.encode(*each) for each in zip(histories, given, strict=True)])

    def start(self) -> Ints:
        """What all prompts begin with, an instruction for example.

        Prompts of different items and texts are compared, so it does not matter where the tokenizer
        joins the instruction and what follows.
        """
        # Evenly spaced in the order of their paths, so that their first codes differ.
        ordered = np.argsort(self.catalogue.leaf_of, kind="stable")
        items = ordered[np.linspace(0, len(ordered) - 1, 20).astype(np.int64)]
        prompts = [
            self.encode(np.array([item]), dict.fromkeys(self.spec.columns, text))
            for item, text in zip(items, cycle(_TEXTS), strict=False)
        ]
        return prompts[0][: shared_start(pad_right(prompts))]

    @property
    def max_tokens(self) -> int | None:
        """Longest prompt that the model takes; a run rejects users whose prompt is longer."""
        if self.limits is None:
            return None
        if self.limits.answers_apart:
            return self.limits.positions
        # An answer's last token is predicted, and never read.
        return self.limits.positions - self.spec.levels - len(self.closing) + 1

    def fits(self, prompt: Ints) -> bool:
        return self.max_tokens is None or len(prompt) <= self.max_tokens


def longest_prompt(histories: Sequence[tuple[Ints, UserTexts]], prompts: Prompts) -> int:
    """Tokens of the longest prompt among those of the 64 longest histories."""
    longest = sorted(histories, key=lambda each: len(each[0]))[-64:]
    return max(len(prompts.encode(*each)) for each in longest)


def pad_left(rows: Sequence[Ints]) -> Ints:
    """Rows padded with -1 on the left: [rows, longest]."""
    padded = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int64)
    for row, values in zip(padded, rows, strict=True):
        row[len(row) - len(values) :] = values
    return padded


def pad_right(rows: Sequence[Ints]) -> Ints:
    """Rows padded with -1 on the right: [rows, longest]."""
    padded = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int64)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return padded


def shared_start(rows: Ints) -> int:
    """How many columns all rows begin with: [rows, columns], padded with -1 on the right."""
    same = np.all((rows == rows[0]) & (rows >= 0), axis=0)
    return int(np.cumprod(same).sum())


def open_prompts(
    spec: PromptSpec, catalogue: Catalogue, directory: Path, limits: ModelLimits | None = None
) -> Prompts:
    """Opens the prompts of the checkpoint in `directory`, where the tokenizer is.

    limits: of its model; None for a model that is made for these prompts. Raises TrainingError
    BAD_CHECKPOINT, naming `directory`, if model, prompts and catalogue do not go together.
    """
    trie = catalogue.trie
    codes = spec.codesPerLevel or trie.codes
    if spec.levels != trie.levels or codes < trie.codes:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory}: writes {spec.levels} levels of {codes} codes, "
            f"the catalogue has {trie.levels} levels of {trie.codes}",
        )
    tokenizer = open_tokenizer(directory) if spec.needs_tokenizer else None
    vocabulary = limits.vocabulary if limits else None
    tokens = code_tokens(
        spec, catalogue, tokenizer=tokenizer, vocabulary=vocabulary, directory=directory
    )
    last = Place(trie.levels - 1, int(trie.edge_code[int(trie.level_start[trie.levels]) - 1]))
    closing = closing_tokens(
        spec, tokenizer, after=text_of(spec, last) if spec.codeTokenPattern else ""
    )
    if isinstance(spec.prompt, ItemsPrompt):
        encode = items_encoder(spec.prompt, tokens)
        fixed = fixed_tokens(spec.prompt)
    else:
        encode = text_encoder(spec, spec.prompt, directory)
        fixed = {}
    for field, named in {**fixed, "end": closing}.items():
        far = next((token for token in named if vocabulary and token >= vocabulary), None)
        if far is not None:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{directory / PROMPT_SPEC_FILE}: {field}: the token {far} is outside the "
                f"vocabulary of {vocabulary}",
            )
    return Prompts(
        spec=spec,
        catalogue=catalogue,
        tokens=tokens,
        closing=closing,
        limits=limits,
        encode_paths=encode,
    )
