"""What all prompts of a batch begin with, an instruction for example, is computed once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.model.attention import LayerCache
from nightbeam_training.model.llama import Llama

MIN_TOKENS = 8
"""Fewer tokens are not worth a pass of their own."""


@dataclass(frozen=True)
class Batch:
    """The input of a pass."""

    tokens: Tensor
    """[users, positions]"""
    positions: Tensor
    """[users, positions]"""
    mask: Tensor
    """bool [users or 1, 1, positions, positions]"""
    padding: Tensor
    """Columns of padding on the left: [users]."""


def shared_tokens(prompts: Tensor) -> int:
    """How many tokens all prompts begin with, or 0 if it is not worth it; of every prompt, at least
    one token is not among them.

    prompts: [users, tokens], padded with -1 on either side. Waits for the device.
    """
    real = prompts >= 0
    length = real.sum(dim=1)
    first = real.int().argmax(dim=1)
    columns = torch.arange(prompts.shape[1], device=prompts.device)
    begun = prompts.gather(1, (first[:, None] + columns).clamp(max=prompts.shape[1] - 1))
    same = (begun == begun[0]).all(dim=0) & (columns < length.min() - 1)
    count = int(same.long().cumprod(dim=0).sum())
    return count if count >= MIN_TOKENS and len(prompts) > 1 else 0


def last_hidden(model: Llama, batch: Batch, *, rows: int, shared: int) -> Tensor:
    """Final hidden states of the last `rows` positions, [users, rows, width]. shared: tokens that
    all rows begin with and that are not among those."""
    # Passes that compute the layers again have no keys and values to share.
    if shared == 0 or (model.gradient_checkpointing and torch.is_grad_enabled()):
        hidden, _ = model.hidden(batch.tokens, batch.positions, mask=batch.mask, rows=rows)
    else:
        hidden, _ = hidden_after_start(model, batch, rows=rows, shared=shared)
    return hidden


def hidden_after_start(
    model: Llama, batch: Batch, *, rows: int, shared: int, room: int = 0
) -> tuple[Tensor, list[LayerCache]]:
    """As `Llama.hidden`: final hidden states of the last `rows` positions, and the cache. Its first
    columns are the shared tokens; `after_start` says which of the others are a user's own."""
    tokens, start = batch.tokens, torch.arange(shared, device=batch.tokens.device)
    first = tokens[:1].gather(1, batch.padding[:1, None] + start)
    _, caches = model.hidden(first, start[None], rows=1)
    users, rest = len(tokens), tokens.shape[1] - shared
    past = [cache.expand(users, room=room + rest if room else 0) for cache in caches]
    own = after_start(batch.padding, rest)[:, None, None, :]
    itself = torch.eye(rest, dtype=torch.bool, device=tokens.device)
    mask = batch.mask[:, :, shared:, shared:] & own | itself
    return model.hidden(
        tokens[:, shared:],
        batch.positions[:, shared:],
        mask=torch.cat((mask.new_ones(users, 1, rest, shared), mask), dim=3),
        past=past,
        rows=rows,
    )


def after_start(padding: Tensor, columns: int) -> Tensor:
    """Which columns are neither padding nor shared, once as many as are shared have been taken off
    on the left: bool [users, columns]."""
    return torch.arange(columns, device=padding.device) >= padding[:, None]
