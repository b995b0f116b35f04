"""The tokens of the catalogue's codes: the one table that prompts, trees and searches look up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Catalogue, Ints, Trie
from nightbeam_training.data.prompt_spec import PROMPT_SPEC_FILE, PromptSpec
from nightbeam_training.data.prompt_text import DEFAULT_PATTERN, code_text
from nightbeam_training.data.tokenizer import TOKENIZER_FILE, TextTokenizer
from nightbeam_training.errors import TrainingError


class CodeTokens:
    """Token of code c at level l: `table[l, c]`, -1 if the model has none for it."""

    def __init__(self, table: Ints) -> None:
        """table: [levels, codes]"""
        self.table = table
        self._on: dict[torch.device, Tensor] = {}

    def of(self, codes: Ints) -> Ints:
        """Tokens of code paths, or of their first codes: [..., levels] -> [..., levels]."""
        tokens: Ints = self.table[range(codes.shape[-1]), codes]
        return tokens

    def on(self, device: torch.device) -> Tensor:
        """The table on a device; a code without a token has token 0, whose score is never used."""
        if device not in self._on:
            self._on[device] = torch.from_numpy(self.table).clamp(min=0).to(device)
        return self._on[device]


@dataclass(frozen=True)
class Place:
    """A code: its level and its number, both from 0."""

    level: int
    code: int

    def __str__(self) -> str:
        return f"code {self.code} of level {self.level}"


def code_tokens(
    spec: PromptSpec,
    catalogue: Catalogue,
    *,
    tokenizer: TextTokenizer | None,
    vocabulary: int | None,
    directory: Path,
) -> CodeTokens:
    """Tokens of the codes that occur in the catalogue; others need none.

    tokenizer: for specs with a `codeTokenPattern`. vocabulary: of the model, None if it is made for
    these tokens. Raises TrainingError BAD_CHECKPOINT, naming `directory`, if a code has no token,
    one outside of the vocabulary, or that of another code.
    """
    trie = catalogue.trie
    table = np.full((trie.levels, trie.codes), -1, dtype=np.int64)
    owners: dict[int, Place] = {}
    for place in _codes_of(trie):
        token = _token_of(spec, place, tokenizer, directory)
        if vocabulary is not None and token >= vocabulary:
            raise _bad(
                f"{directory}: the token {token} of {place} is outside the vocabulary of "
                f"{vocabulary} (config.json, vocab_size): see codeTokenOffsets in "
                f"{PROMPT_SPEC_FILE}, or resize the embeddings to the tokenizer"
            )
        owner = owners.setdefault(token, place)
        if owner.code != place.code:
            raise _bad(
                f"{directory / PROMPT_SPEC_FILE}: {owner} and {place} have the same token {token}; "
                "only equal codes of different levels may share one"
            )
        table[place.level, place.code] = token
    return CodeTokens(table)


def _codes_of(trie: Trie) -> Iterator[Place]:
    """The codes that occur, level by level in ascending order."""
    for level in range(trie.levels):
        edges = slice(int(trie.level_start[level + 1]) - 1, int(trie.level_start[level + 2]) - 1)
        for code in np.unique(trie.edge_code[edges]).tolist():
            yield Place(level, code)


def _token_of(
    spec: PromptSpec, place: Place, tokenizer: TextTokenizer | None, directory: Path
) -> int:
    if spec.codeTokenOffsets is not None:
        return spec.codeTokenOffsets[place.level] + place.code
    text = text_of(spec, place)
    token = tokenizer.token_of(text) if tokenizer else None
    if tokenizer is None or token is None:
        raise _bad(
            f"{directory / TOKENIZER_FILE}: has no token {text!r} for {place}: the model was "
            f"trained on another catalogue, or codeTokenPattern in {PROMPT_SPEC_FILE} is not how "
            "it spells codes"
        )
    # In a prompt of tokens, no text is read.
    if spec.prompt.kind == "items":
        return token
    read = tokenizer.encode(text, special_tokens=False)
    if read == [token]:
        return token
    raise _bad(
        f"{directory / TOKENIZER_FILE}: reads {text!r} of {place} as the tokens "
        f"{', '.join(map(str, read))}, not as {token}, which it has for it: add it as a token of "
        "its own, as `tokenizer.add_tokens` does"
    )


def text_of(spec: PromptSpec, place: Place) -> str:
    """Text of a code's token."""
    return code_text(spec.codeTokenPattern or DEFAULT_PATTERN, level=place.level, code=place.code)


def _bad(message: str) -> TrainingError:
    return TrainingError("BAD_CHECKPOINT", message)
