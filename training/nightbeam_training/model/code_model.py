"""What a search needs of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class OutputLayer(Protocol):
    """Scores of tokens from hidden states."""

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., width] -> float32 [..., vocabulary]"""
        ...

    @property
    def vocabulary(self) -> int: ...


@dataclass(frozen=True)
class NewNodes:
    """Nodes of one level, to be computed after their prompts."""

    tokens: Tensor
    """Of each node's last code: [users, new]."""
    depth: int
    """Number of codes of each node's prefix."""
    above: Tensor
    """Whether a node of this level or of those before is the node or one of its ancestors, the root
    not counted: bool [users, new, before + new]."""


class Memory(Protocol):
    """Prompts, and the nodes that were computed after them."""

    def extend(self, nodes: NewNodes) -> tuple[Tensor, Memory]:
        """Final hidden states of the nodes, [users, new, width], and the memory with them. A memory
        is extended only once."""
        ...


class CodeModel(OutputLayer, Protocol):
    """A model that a search can use, see `search_model`."""

    def remember(self, prompts: Tensor, *, room: int) -> tuple[Tensor, Memory]:
        """Final hidden states of the root, [users, 1, width], and what nodes attend to.

        prompts: [users, tokens], padded on the left with -1; room: how many nodes per user the
        memory will be extended by, in all.
        """
        ...
