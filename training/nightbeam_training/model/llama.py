"""A LLaMA decoder: RMSNorm, RoPE, grouped heads, SwiGLU. Parameter names are Hugging Face's.

Beyond the usual it has what beam trees need: arbitrary positions and masks, a cache of keys and
values that a later call extends, and a last layer that computes only the requested rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from nightbeam_training.model.config import LlamaConfig

LayerCache = tuple[Tensor, Tensor]
"""Keys and values of one layer, each [users, key-value heads, positions, head width]."""


@dataclass(frozen=True)
class Rotation:
    """cos and sin of each position's angles, [users, 1, positions, head width]."""

    cos: Tensor
    sin: Tensor

    def of(self, x: Tensor) -> Tensor:
        half = x.shape[-1] // 2
        turned = torch.cat((-x[..., half:], x[..., :half]), dim=-1)
        rows = slice(self.cos.shape[-2] - x.shape[-2], None)
        return x * self.cos[..., rows, :].to(x.dtype) + turned * self.sin[..., rows, :].to(x.dtype)


class Attention(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, head = config.hidden_size, config.head_width
        self.head = head
        self.grouped = config.key_value_heads != config.num_attention_heads
        bias = config.attention_bias
        self.q_proj = nn.Linear(width, config.num_attention_heads * head, bias=bias)
        self.k_proj = nn.Linear(width, config.key_value_heads * head, bias=bias)
        self.v_proj = nn.Linear(width, config.key_value_heads * head, bias=bias)
        self.o_proj = nn.Linear(config.num_attention_heads * head, width, bias=bias)

    def forward(
        self, x: Tensor, rotation: Rotation, mask: Tensor | None, past: LayerCache | None, rows: int
    ) -> tuple[Tensor, LayerCache]:
        q = rotation.of(self._heads(self.q_proj(x[:, -rows:])))
        k = rotation.of(self._heads(self.k_proj(x)))
        v = self._heads(self.v_proj(x))
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        causal = mask is None and rows == k.shape[2]
        if mask is None and not causal:
            mask = torch.ones(k.shape[2], k.shape[2], dtype=torch.bool, device=x.device).tril()
        rows_mask = None if mask is None else mask[..., -rows:, :]
        y = _attend(q, k, v, mask=rows_mask, causal=causal, grouped=self.grouped)
        return self.o_proj(y.transpose(1, 2).flatten(2)), (k, v)

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], -1, self.head).transpose(1, 2)


def _attend(
    q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor | None, causal: bool, grouped: bool
) -> Tensor:
    if q.device.type != "cpu" or q.dtype == torch.float32:
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=grouped
        )
    # On a CPU the bfloat16 kernel's backward pass takes 2.6 times as long as float32's.
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(
            q.float(), k.float(), v.float(), attn_mask=mask, is_causal=causal, enable_gqa=grouped
        ).to(q.dtype)


class FeedForward(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, inner, bias = config.hidden_size, config.intermediate_size, config.mlp_bias
        self.gate_proj = nn.Linear(width, inner, bias=bias)
        self.up_proj = nn.Linear(width, inner, bias=bias)
        self.down_proj = nn.Linear(inner, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        down: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return down


class Layer(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = FeedForward(config)
        self.input_layernorm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def forward(
        self, x: Tensor, rotation: Rotation, mask: Tensor | None, past: LayerCache | None, rows: int
    ) -> tuple[Tensor, LayerCache]:
        seen, cache = self.self_attn(self.input_layernorm(x), rotation, mask, past, rows)
        x = x[:, -rows:] + seen
        return x + self.mlp(self.post_attention_layernorm(x)), cache


class Decoder(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)


def new_blocks(count: int, width: int) -> nn.ModuleList:
    """Blocks of a heads draft, all zero: h + SiLU(0) is h."""
    blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(count))
    for weight in blocks.parameters():
        nn.init.zeros_(weight)
    return blocks


class Llama(nn.Module):
    """The decoder and its head; `state_dict()` has the names of a Hugging Face checkpoint."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=config.initializer_range)
        if config.nightbeam_heads is not None:
            self.nightbeam_heads = new_blocks(config.nightbeam_heads, config.hidden_size)

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor,
        *,
        mask: Tensor | None = None,
        past: list[LayerCache] | None = None,
        rows: int | None = None,
    ) -> tuple[Tensor, list[LayerCache]]:
        """Final hidden states of the last `rows` positions, and the cache with these positions.

        tokens, positions: [users, new]; mask: bool [users, 1, new, past + new], true if a position
        attends to another, None for causal (then without a past). -> [users, rows, width]
        """
        wanted = tokens.shape[1] if rows is None else rows
        rotation = self._rotation(positions)
        x = self.model.embed_tokens(tokens)
        caches: list[LayerCache] = []
        last = len(self.model.layers) - 1
        for number, layer in enumerate(self.model.layers):
            before = None if past is None else past[number]
            x, cache = layer(
                x, rotation, mask, before, wanted if number == last else tokens.shape[1]
            )
            caches.append(cache)
        return self.model.norm(x), caches

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., width] -> float32 [..., vocabulary]."""
        scores: Tensor = self.lm_head(hidden)
        return scores.float()

    def _rotation(self, positions: Tensor) -> Rotation:
        width = self.config.head_width
        powers = torch.arange(0, width, 2, dtype=torch.float32, device=positions.device) / width
        # Rounded as in `transformers`: first the frequencies, then the angles.
        frequencies = 1.0 / self.config.theta**powers
        angles = positions[:, None, :, None].float() * frequencies
        twice = torch.cat((angles, angles), dim=-1)
        return Rotation(cos=twice.cos(), sin=twice.sin())
