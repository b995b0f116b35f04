"""A LLaMA-like decoder: RMSNorm, RoPE, grouped heads, SwiGLU. Parameter names are Hugging Face's.

Beyond the usual it has what beam trees need: arbitrary positions and masks, a cache of keys and
values that a later call extends, and a last layer that computes only the requested rows.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from nightbeam_training.model.attention import Attention, LayerCache, Rotation
from nightbeam_training.model.config import LlamaConfig


class FeedForward(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, inner, bias = (
            config.hidden_size,
            config.intermediate_size,
            config.biases.feed_forward,
        )
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
        size = (config.vocab_size, config.hidden_size)
        if torch.get_default_device().type == "meta":
            # Weights that will be read have no numbers, and drawing them would load a compiler.
            self.embed_tokens = nn.Embedding(*size, _weight=torch.empty(size))
        else:
            self.embed_tokens = nn.Embedding(*size)
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
        self.rope = config.rotary()
        self.gradient_checkpointing = False
        """Whether training keeps only the layers' inputs and computes the rest again."""
        self.model = Decoder(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.tie()
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding) and not module.weight.is_meta:
                nn.init.normal_(module.weight, std=config.initializer_range)
        if config.nightbeam_heads is not None:
            self.nightbeam_heads = new_blocks(config.nightbeam_heads, config.hidden_size)

    def tie(self) -> None:
        """Makes the output layer's weights those of the embeddings."""
        self.lm_head.weight = self.model.embed_tokens.weight

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor,
        *,
        mask: Tensor | None = None,
        past: list[LayerCache] | None = None,
        rows: int | None = None,
        room: int = 0,
    ) -> tuple[Tensor, list[LayerCache]]:
        """Final hidden states of the last `rows` positions, and the cache with these positions.

        tokens, positions: [users, new]; mask: bool [users, 1, new, past + new], true if a position
        attends to another, None for causal (then without a past); room: positions to reserve in a
        new cache for later passes. -> float32 [users, rows, width]

        Passes that checkpoint gradients return no cache.
        """
        wanted = tokens.shape[1] if rows is None else rows
        rotation = self._rotation(positions)
        # Sums over the layers are float32, whatever the weights are.
        x = self.model.embed_tokens(tokens).float()
        caches: list[LayerCache] = []
        last = len(self.model.layers) - 1
        saves_memory = self.gradient_checkpointing and torch.is_grad_enabled()
        for number, layer in enumerate(self.model.layers):
            wanted_here = wanted if number == last else tokens.shape[1]
            if saves_memory:
                x = checkpoint(
                    _without_cache,
                    layer,
                    x,
                    rotation,
                    mask,
                    wanted_here,
                    use_reentrant=False,
                    preserve_rng_state=False,
                )
                continue
            before = None if past is None else past[number]
            x, cache = layer(x, rotation, mask, before, wanted_here)
            caches.append(cache.reserve(room) if past is None else cache)
        return self.model.norm(x), caches

    @property
    def vocabulary(self) -> int:
        return self.config.vocab_size

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., width] -> float32 [..., vocabulary].

        Multiplied in float32: rounded to 16 bits, a fifth of a node's codes would be equal.
        """
        with torch.autocast(hidden.device.type, enabled=False):
            return F.linear(hidden.float(), self.lm_head.weight.float())

    def _rotation(self, positions: Tensor) -> Rotation:
        # Rounded as in `transformers`: first the frequencies, then the angles.
        frequencies = self.rope.frequencies(self.config.head_width, positions.device)
        angles = positions[:, None, :, None].float() * frequencies
        twice = torch.cat((angles, angles), dim=-1)
        return Rotation(
            cos=twice.cos() * self.rope.amplitude, sin=twice.sin() * self.rope.amplitude
        )


def _without_cache(
    layer: Layer, x: Tensor, rotation: Rotation, mask: Tensor | None, rows: int
) -> Tensor:
    seen, _ = layer(x, rotation, mask, None, rows)
    y: Tensor = seen
    return y
