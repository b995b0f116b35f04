"""Attention with rotary positions, grouped heads, and keys and values that later passes extend."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from nightbeam_training.model.config import LlamaConfig


@dataclass(frozen=True)
class Rotation:
    """cos and sin of each position's angles, [users, 1, positions, head width]."""

    cos: Tensor
    sin: Tensor

    def rotate(self, x: Tensor) -> Tensor:
        """x: the last positions of each user, [users, heads, positions, head width]."""
        half = x.shape[-1] // 2
        turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
        rows = slice(self.cos.shape[-2] - x.shape[-2], None)
        return x * self.cos[..., rows, :].to(x.dtype) + turned * self.sin[..., rows, :].to(x.dtype)


class LayerCache:
    """Keys and values of one layer, each [users, key-value heads, positions, head width].

    With `room` for more positions, extending it copies only these.
    """

    def __init__(self, keys: Tensor, values: Tensor, *, room: int = 0) -> None:
        self._length = keys.shape[2]
        self._keys, self._values = _with_room(keys, room), _with_room(values, room)

    @property
    def keys(self) -> Tensor:
        return self._keys[:, :, : self._length]

    @property
    def values(self) -> Tensor:
        return self._values[:, :, : self._length]

    def reserve(self, room: int) -> LayerCache:
        """The same with room for more positions."""
        return LayerCache(self.keys, self.values, room=room) if room else self

    def expand(self, users: int, *, room: int) -> LayerCache:
        """The cache of one user for each of several."""
        keys, values = (x.expand(users, -1, -1, -1) for x in (self.keys, self.values))
        return LayerCache(keys, values, room=room)

    def extend(self, keys: Tensor, values: Tensor) -> LayerCache:
        """The cache with more positions.

        It takes over the room, so a cache with room is extended only once.
        """
        end = self._length + keys.shape[2]
        if end > self._keys.shape[2]:
            return LayerCache(
                torch.cat((self.keys, keys), dim=2), torch.cat((self.values, values), dim=2)
            )
        self._keys[:, :, self._length : end] = keys
        self._values[:, :, self._length : end] = values
        longer = LayerCache(self._keys, self._values)
        longer._length = end
        return longer


def _with_room(x: Tensor, room: int) -> Tensor:
    if room == 0:
        return x
    users, heads, length, width = x.shape
    larger = x.new_empty(users, heads, length + room, width)
    larger[:, :, :length] = x
    return larger


class Attention(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, head = config.hidden_size, config.head_width
        self.head = head
        biases = config.biases
        self.q_proj = nn.Linear(width, config.num_attention_heads * head, bias=biases.qkv)
        self.k_proj = nn.Linear(width, config.key_value_heads * head, bias=biases.qkv)
        self.v_proj = nn.Linear(width, config.key_value_heads * head, bias=biases.qkv)
        self.o_proj = nn.Linear(config.num_attention_heads * head, width, bias=biases.output)
        self.normalised = config.family.query_key_norm
        if self.normalised:
            self.q_norm = nn.RMSNorm(head, eps=config.rms_norm_eps)
            self.k_norm = nn.RMSNorm(head, eps=config.rms_norm_eps)

    def forward(
        self, x: Tensor, rotation: Rotation, mask: Tensor | None, past: LayerCache | None, rows: int
    ) -> tuple[Tensor, LayerCache]:
        """Attends from the last `rows` positions of x, [users, new, width]."""
        q, k = self._heads(self.q_proj(x[:, -rows:])), self._heads(self.k_proj(x))
        if self.normalised:
            q, k = self.q_norm(q.float()), self.k_norm(k.float())
        v = self._heads(self.v_proj(x))
        q, k = rotation.rotate(q).to(v.dtype), rotation.rotate(k).to(v.dtype)
        cache = LayerCache(k, v) if past is None else past.extend(k, v)
        k, v = cache.keys, cache.values
        causal = mask is None and rows == k.shape[2]
        if mask is None and not causal:
            mask = torch.ones(k.shape[2], k.shape[2], dtype=torch.bool, device=x.device).tril()
        rows_mask = None if mask is None else mask[..., -rows:, :]
        y = _attend(q, k, v, mask=rows_mask, causal=causal)
        return self.o_proj(y.transpose(1, 2).flatten(2)), cache

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], -1, self.head).transpose(1, 2)


def _attend(q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor | None, causal: bool) -> Tensor:
    group = q.shape[1] // k.shape[1]
    if q.device.type != "cpu":
        # Only the kernel without a mask and float32 groups heads. Otherwise PyTorch would take the
        # one that holds all scores.
        groups = group > 1 and mask is None and q.dtype != torch.float32
        if group > 1 and not groups:
            k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=groups
        )
    # On a CPU the bfloat16 kernel's backward pass takes 2.6 times as long as float32's.
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(
            q.float(), k.float(), v.float(), attn_mask=mask, is_causal=causal, enable_gqa=group > 1
        ).to(q.dtype)
