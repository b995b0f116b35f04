"""The tokens of the catalogue's codes: the one table that prompts, trees and searches look up."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Ints


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
