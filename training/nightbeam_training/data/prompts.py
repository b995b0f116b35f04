"""How a model reads histories of a catalogue: its prompts and the tokens of the codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.errors import TrainingError


@dataclass(frozen=True)
class Prompts:
    """A checkpoint's prompts over one catalogue."""

    spec: PromptSpec
    catalogue: Catalogue
    tokens: CodeTokens

    def encode(self, history: Ints, *, whole: bool = False) -> Ints:
        """Prompt of one history [items]: BOS and the codes of the last `maxItems` items, or of all
        items if `whole`."""
        recent = history if whole else history[-self.spec.prompt.maxItems :]
        start = [] if self.spec.prompt.bos is None else [self.spec.prompt.bos]
        codes = self.tokens.of(self.catalogue.codes[recent])
        return np.concatenate([start, codes.ravel()]).astype(np.int64)

    def padded(self, histories: list[Ints]) -> Ints:
        """Prompts padded with -1 on the left: [users, tokens of the longest]."""
        prompts = [self.encode(history) for history in histories]
        padded = np.full((len(prompts), max(map(len, prompts))), -1, dtype=np.int64)
        for row, prompt in zip(padded, prompts, strict=True):
            row[len(row) - len(prompt) :] = prompt
        return padded


def open_prompts(spec: PromptSpec, catalogue: Catalogue, directory: Path) -> Prompts:
    """Raises TrainingError BAD_CHECKPOINT, naming `directory`, if the model does not fit the
    catalogue's paths."""
    trie = catalogue.trie
    if spec.levels != trie.levels or spec.codesPerLevel < trie.codes:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory}: writes {spec.levels} levels of {spec.codesPerLevel} codes, "
            f"the catalogue has {trie.levels} levels of {trie.codes}",
        )
    table = np.array(spec.codeTokenOffsets)[:, None] + np.arange(trie.codes)
    return Prompts(spec=spec, catalogue=catalogue, tokens=CodeTokens(table))
