"""The layers of a T5: attention with relative positions, and the feed-forward parts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nightbeam_training.model.attention import LayerCache
from nightbeam_training.model.t5_config import ACTIVATIONS, T5Config


def distance_buckets(distance: Tensor, *, both_ways: bool, config: T5Config) -> Tensor:
    """Bucket of each distance, the key's position minus the query's: int64, as `distance`.

    Half of the buckets are single distances, the rest grow with the logarithm up to the maximum.
    both_ways: whether keys after the query have buckets of their own, as in the encoder.
    """
    buckets = config.relative_attention_num_buckets
    after = torch.zeros_like(distance)
    if both_ways:
        buckets //= 2
        after = (distance > 0).long() * buckets
        size = distance.abs()
    else:
        size = (-distance).clamp(min=0)
    exact = buckets // 2
    # In float32 and in this order, as `transformers` computes it.
    growth = torch.log(size.float() / exact) / math.log(
        config.relative_attention_max_distance / exact
    )
    far = exact + (growth * (buckets - exact)).long()
    return after + torch.where(size < exact, size, far.clamp(max=buckets - 1))


class T5Attention(nn.Module):
    """Scores are not divided by the root of the head's width. The first layer of a stack has the
    table of biases that all of its layers add."""

    def __init__(self, config: T5Config, *, biases: bool) -> None:
        super().__init__()
        width, inner = config.d_model, config.num_heads * config.d_kv
        self.head = config.d_kv
        self.q = nn.Linear(width, inner, bias=False)
        self.k = nn.Linear(width, inner, bias=False)
        self.v = nn.Linear(width, inner, bias=False)
        self.o = nn.Linear(inner, width, bias=False)
        if biases:
            self.relative_attention_bias = nn.Embedding(
                config.relative_attention_num_buckets, config.num_heads
            )

    def begin(self, factor: float) -> None:
        """New weights, as T5 is initialised."""
        width, inner = self.q.weight.shape[1], self.q.weight.shape[0]
        nn.init.normal_(self.q.weight, std=factor * (width * self.head) ** -0.5)
        nn.init.normal_(self.k.weight, std=factor * width**-0.5)
        nn.init.normal_(self.v.weight, std=factor * width**-0.5)
        nn.init.normal_(self.o.weight, std=factor * inner**-0.5)

    def memory(self, x: Tensor) -> LayerCache:
        """Keys and values of positions: [users, positions, width]."""
        return LayerCache(self._heads(self.k(x)), self._heads(self.v(x)))

    def forward(self, x: Tensor, memory: LayerCache, bias: Tensor | None) -> Tensor:
        """Attends from x [users, new, width]. bias: added to the scores, -inf where a position is
        not seen, [users or 1, heads or 1, new, keys]."""
        q = self._heads(self.q(x))
        scores = (q @ memory.keys.transpose(2, 3)).float()
        if bias is not None:
            scores = scores + bias
        y = scores.softmax(dim=-1).to(memory.values.dtype) @ memory.values
        seen: Tensor = self.o(y.transpose(1, 2).flatten(2))
        return seen

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:-1], -1, self.head).transpose(1, 2)


class DenseReluDense(nn.Module):
    """Named by `transformers`, whatever its activation is."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        width, inner = config.d_model, config.d_ff
        self.gated = config.gated
        self.activation = ACTIVATIONS[config.activation]
        if config.gated:
            self.wi_0 = nn.Linear(width, inner, bias=False)
            self.wi_1 = nn.Linear(width, inner, bias=False)
        else:
            self.wi = nn.Linear(width, inner, bias=False)
        self.wo = nn.Linear(inner, width, bias=False)

    def begin(self, factor: float) -> None:
        """New weights, as T5 is initialised."""
        for weight in self.parameters():
            nn.init.normal_(weight, std=factor * weight.shape[1] ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        if self.gated:
            inner = self.activation(self.wi_0(x)) * self.wi_1(x)
        else:
            inner = self.activation(self.wi(x))
        y: Tensor = self.wo(inner)
        return y


class SelfAttentionLayer(nn.Module):
    def __init__(self, config: T5Config, *, biases: bool) -> None:
        super().__init__()
        self.SelfAttention = T5Attention(config, biases=biases)
        self.layer_norm = nn.RMSNorm(config.d_model, eps=config.layer_norm_epsilon)


class CrossAttentionLayer(nn.Module):
    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.EncDecAttention = T5Attention(config, biases=False)
        self.layer_norm = nn.RMSNorm(config.d_model, eps=config.layer_norm_epsilon)


class FeedForwardLayer(nn.Module):
    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.DenseReluDense = DenseReluDense(config)
        self.layer_norm = nn.RMSNorm(config.d_model, eps=config.layer_norm_epsilon)


@dataclass(frozen=True)
class CrossMemory:
    """What one layer of the decoder attends to in the prompts."""

    memory: LayerCache
    bias: Tensor | None
    """-inf at padding, 0 elsewhere: float32 [users, 1, 1, tokens]; None without padding."""


class Block(nn.Module):
    """A layer of the encoder, or of the decoder, which also attends to the encoder's output."""

    def __init__(self, config: T5Config, *, biases: bool, crosses: bool) -> None:
        super().__init__()
        # Parameters get their names from the list alone: the tuple only has the types.
        self.parts = (
            SelfAttentionLayer(config, biases=biases),
            CrossAttentionLayer(config) if crosses else None,
            FeedForwardLayer(config),
        )
        self.layer = nn.ModuleList(part for part in self.parts if part is not None)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(
        self,
        x: Tensor,
        bias: Tensor,
        *,
        past: LayerCache | None = None,
        prompts: CrossMemory | None = None,
    ) -> tuple[Tensor, LayerCache]:
        """x: [users, new, width]; bias: as of `Stack.bias`; past: earlier positions; prompts: for a
        layer of the decoder."""
        itself, cross, feed_forward = self.parts
        y = itself.layer_norm(x)
        memory = itself.SelfAttention.memory(y)
        if past is not None:
            memory = past.extend(memory.keys, memory.values)
        x = x + self.dropout(itself.SelfAttention(y, memory, bias))
        if cross is not None and prompts is not None:
            seen = cross.EncDecAttention(cross.layer_norm(x), prompts.memory, prompts.bias)
            x = x + self.dropout(seen)
        changed = feed_forward.DenseReluDense(feed_forward.layer_norm(x))
        return x + self.dropout(changed), memory


class Stack(nn.Module):
    """The encoder or the decoder; embeddings are the model's."""

    def __init__(self, config: T5Config, *, layers: int, crosses: bool) -> None:
        super().__init__()
        self.config, self.both_ways = config, not crosses
        self.blocks = [
            Block(config, biases=number == 0, crosses=crosses) for number in range(layers)
        ]
        self.block = nn.ModuleList(self.blocks)
        self.final_layer_norm = nn.RMSNorm(config.d_model, eps=config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    @property
    def bias_table(self) -> nn.Embedding:
        """The biases by bucket and head, which the first layer has for all."""
        return self.blocks[0].parts[0].SelfAttention.relative_attention_bias

    def bias(self, queries: Tensor, keys: Tensor) -> Tensor:
        """What the layers add to their scores. queries, keys: positions, [users or 1, queries] and
        [users or 1, keys] -> float32 [users or 1, heads, queries, keys]"""
        distance = keys[:, None, :] - queries[:, :, None]
        buckets = distance_buckets(distance, both_ways=self.both_ways, config=self.config)
        biases: Tensor = self.bias_table(buckets)
        return biases.float().permute(0, 3, 1, 2)

    def cross_memories(self, encoded: Tensor, bias: Tensor | None) -> list[CrossMemory]:
        """What each layer attends to in the encoder's output, [users, tokens, width]."""
        crosses = [block.parts[1] for block in self.blocks]
        return [
            CrossMemory(cross.EncDecAttention.memory(encoded), bias)
            for cross in crosses
            if cross is not None
        ]
