"""The model of a search: decoders, heads drafts, and encoder-decoders behind one seam."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nightbeam_training.model.attention import LayerCache
from nightbeam_training.model.code_model import CodeModel, Memory, NewNodes
from nightbeam_training.model.heads import level_hidden
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.models import Model
from nightbeam_training.model.shared_start import (
    Batch,
    after_start,
    hidden_after_start,
    shared_tokens,
)
from nightbeam_training.model.t5 import T5


def search_model(model: Model) -> CodeModel:
    """The model for a search: by its heads if it has any."""
    if isinstance(model, T5):
        return model
    return _Decoder(model) if model.config.nightbeam_heads is None else _Heads(model)


class _Decoder:
    """A model whose prompts and answers are one sequence: the root is the prompt's last token."""

    def __init__(self, model: Llama) -> None:
        self._model = model
        self.logits = model.logits

    @property
    def vocabulary(self) -> int:
        return self._model.vocabulary

    def remember(self, prompts: Tensor, *, room: int) -> tuple[Tensor, Memory]:
        present = prompts >= 0
        length = present.sum(dim=1)
        width = prompts.shape[1]
        places = torch.arange(width, device=prompts.device)
        padding = width - length
        # Padding attends to itself, because a softmax over nothing is NaN.
        visible = (places[:, None] >= places) & present[:, None, :] | (places[:, None] == places)
        batch = Batch(
            tokens=prompts.clamp(min=0),
            positions=(places - padding[:, None]).clamp(min=0),
            mask=visible[:, None],
            padding=padding,
        )
        shared = shared_tokens(prompts)
        if shared > 0:
            hidden, caches = hidden_after_start(
                self._model, batch, rows=1, shared=shared, room=room
            )
            rest = after_start(padding, width - shared)
            present = torch.cat((present.new_ones(len(prompts), shared), rest), dim=1)
        else:
            hidden, caches = self._model.hidden(
                batch.tokens, batch.positions, mask=batch.mask, rows=1, room=room
            )
        return hidden, _Sequences(self._model, caches, present, length)


@dataclass(frozen=True)
class _Sequences:
    """Prompts and the nodes after them."""

    model: Llama
    past: list[LayerCache]
    present: Tensor
    """Which columns of the past are tokens of the prompt: bool [users, columns]."""
    length: Tensor
    """Tokens of each prompt: [users]."""

    def extend(self, nodes: NewNodes) -> tuple[Tensor, Memory]:
        new = nodes.tokens.shape[1]
        of_prompt = self.present[:, None, :].expand(-1, new, -1)
        hidden, past = self.model.hidden(
            nodes.tokens,
            (self.length + nodes.depth - 1)[:, None].expand(-1, new),
            mask=torch.cat((of_prompt, nodes.above), dim=2)[:, None],
            past=self.past,
        )
        return hidden, replace(self, past=past)


class _Heads(_Decoder):
    """A heads draft: the codes after a prefix depend only on its length."""

    def remember(self, prompts: Tensor, *, room: int) -> tuple[Tensor, Memory]:
        hidden, _ = super().remember(prompts, room=0)
        return hidden, _Levels(self._model, hidden)


@dataclass(frozen=True)
class _Levels:
    """The last hidden state of each prompt: [users, 1, width]."""

    model: Llama
    root: Tensor

    def extend(self, nodes: NewNodes) -> tuple[Tensor, Memory]:
        read = level_hidden(self.model, self.root, nodes.depth)
        return read.expand(-1, nodes.tokens.shape[1], -1), self
