"""Histories as token prompts."""

from __future__ import annotations

import numpy as np

from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.data.prompt_spec import PromptSpec


def padded_prompts(histories: list[Ints], catalogue: Catalogue, spec: PromptSpec) -> Ints:
    """Prompts padded with -1 on the left: [users, tokens of the longest]."""
    prompts = [spec.prompt_tokens(history, catalogue) for history in histories]
    padded = np.full((len(prompts), max(map(len, prompts))), -1, dtype=np.int64)
    for row, prompt in zip(padded, prompts, strict=True):
        row[len(row) - len(prompt) :] = prompt
    return padded
