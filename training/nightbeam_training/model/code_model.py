"""What a search needs of a model."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from nightbeam_training.model.attention import LayerCache


class CodeModel(Protocol):
    """A model that a search can use: see `Llama`."""

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor,
        *,
        mask: Tensor | None = None,
        past: list[LayerCache] | None = None,
        rows: int | None = None,
        room: int = 0,
    ) -> tuple[Tensor, list[LayerCache]]: ...

    def logits(self, hidden: Tensor) -> Tensor: ...

    @property
    def vocabulary(self) -> int: ...
