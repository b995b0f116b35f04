"""T5 (Raffel et al., 2020): an encoder of prompts, and a decoder that attends to its output.

Parameter names are Hugging Face's. As the decoder of a search, it computes nodes of a tree: the
start token is the root, and a node at depth d has position d.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from nightbeam_training.model.attention import LayerCache
from nightbeam_training.model.code_model import Memory, NewNodes
from nightbeam_training.model.t5_config import T5Config
from nightbeam_training.model.t5_layers import CrossMemory, DenseReluDense, Stack, T5Attention


class T5(nn.Module):
    """`state_dict()` has the names of a Hugging Face checkpoint."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.config = config
        size = (config.vocab_size, config.d_model)
        if torch.get_default_device().type == "meta":
            # Weights that will be read have no numbers, and drawing them would load a compiler.
            self.shared = nn.Embedding(*size, _weight=torch.empty(size))
        else:
            self.shared = nn.Embedding(*size)
        self.encoder = Stack(config, layers=config.num_layers, crosses=False)
        self.decoder = Stack(config, layers=config.decoder_layers, crosses=True)
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.tie()
        if not self.shared.weight.is_meta:
            self._begin(config.initializer_factor)

    def _begin(self, factor: float) -> None:
        nn.init.normal_(self.shared.weight, std=factor)
        if not self.config.tie_word_embeddings:
            nn.init.normal_(self.lm_head.weight, std=factor)
        for module in self.modules():
            if isinstance(module, T5Attention | DenseReluDense):
                module.begin(factor)
            if isinstance(module, Stack):
                nn.init.normal_(module.bias_table.weight, std=factor * self.config.d_model**-0.5)

    def tie(self) -> None:
        """Makes the output layer's weights those of the embeddings."""
        self.lm_head.weight = self.shared.weight

    def encode(self, prompts: Tensor) -> list[CrossMemory]:
        """What each layer of the decoder attends to. prompts: [users, tokens], padded with -1 on
        either side."""
        present = prompts >= 0
        positions = torch.arange(prompts.shape[1], device=prompts.device)[None]
        bias = self.encoder.bias(positions, positions)
        padding = None
        if not bool(present.all()):
            padding = torch.zeros_like(present, dtype=torch.float32)
            padding = padding.masked_fill(~present, -torch.inf)[:, None, None, :]
            bias = bias + padding
        x = self.encoder.dropout(self.shared(prompts.clamp(min=0)).float())
        for block in self.encoder.blocks:
            x, _ = block(x, bias)
        x = self.encoder.dropout(self.encoder.final_layer_norm(x))
        return self.decoder.cross_memories(x, padding)

    def decode(
        self,
        tokens: Tensor,
        bias: Tensor,
        prompts: list[CrossMemory],
        *,
        past: list[LayerCache] | None = None,
    ) -> tuple[Tensor, list[LayerCache]]:
        """Final hidden states of new positions of the decoder, [users, new, width], and the keys
        and values of all of them.

        tokens: [users, new]; bias: as of `Stack.bias`, -inf where a position is not seen.
        """
        x = self.decoder.dropout(self.shared(tokens).float())
        caches = []
        for number, block in enumerate(self.decoder.blocks):
            before = None if past is None else past[number]
            x, cache = block(x, bias, past=before, prompts=prompts[number])
            caches.append(cache)
        return self.decoder.dropout(self.decoder.final_layer_norm(x)), caches

    def answer_hidden(self, prompts: Tensor, answers: Tensor) -> Tensor:
        """Hidden states from which the tokens of answers are predicted, each after those before it
        (teacher forcing): [users, tokens, width].

        prompts: as of `encode`; answers: [users, tokens].
        """
        start = torch.full_like(answers[:, :1], self.config.start)
        tokens = torch.cat((start, answers[:, :-1]), dim=1)
        places = torch.arange(tokens.shape[1], device=tokens.device)
        later = places[:, None] < places
        bias = self.decoder.bias(places[None], places[None]).masked_fill(later, -torch.inf)
        return self.decode(tokens, bias, self.encode(prompts))[0]

    def tree_hidden(self, prompts: Tensor, nodes: Tensor, *, depth: Tensor, seen: Tensor) -> Tensor:
        """Final hidden states after every node of trees, [users, nodes, width].

        nodes: their tokens, those of the root ignored, [users, nodes]; depth: [users, nodes]; seen:
        whether the second node is the first or one of its ancestors, bool [users, nodes, nodes].
        """
        tokens = torch.cat((torch.full_like(nodes[:, :1], self.config.start), nodes[:, 1:]), dim=1)
        bias = self.decoder.bias(depth, depth).masked_fill(~seen[:, None], -torch.inf)
        return self.decode(tokens, bias, self.encode(prompts))[0]

    def remember(self, prompts: Tensor, *, room: int) -> tuple[Tensor, Memory]:
        """See `CodeModel`."""
        encoded = self.encode(prompts)
        root = prompts.new_zeros(len(prompts), 1)
        bias = self.decoder.bias(root[:1], root[:1])
        hidden, caches = self.decode(root + self.config.start, bias, encoded)
        caches = [cache.reserve(room) for cache in caches]
        return hidden, _DecoderMemory(self, encoded, caches, depth=root)

    def logits(self, hidden: Tensor) -> Tensor:
        """[..., width] -> float32 [..., vocabulary]. Multiplied in float32, as LLaMA's."""
        with torch.autocast(hidden.device.type, enabled=False):
            scaled = hidden.float()
            if self.config.scales:
                scaled = scaled * self.config.d_model**-0.5
            return F.linear(scaled, self.lm_head.weight.float())

    @property
    def vocabulary(self) -> int:
        return self.config.vocab_size


@dataclass(frozen=True)
class _DecoderMemory:
    """Prompts and the nodes so far, the root first."""

    model: T5
    prompts: list[CrossMemory]
    past: list[LayerCache]
    depth: Tensor
    """Of the nodes so far: [users, nodes]."""

    def extend(self, nodes: NewNodes) -> tuple[Tensor, Memory]:
        """See `Memory`."""
        new = torch.full_like(nodes.tokens, nodes.depth)
        depth = torch.cat((self.depth, new), dim=1)
        root = nodes.above.new_ones(*nodes.above.shape[:2], 1)
        seen = torch.cat((root, nodes.above), dim=2)
        bias = self.model.decoder.bias(new[:1], depth[:1]).masked_fill(~seen[:, None], -torch.inf)
        hidden, past = self.model.decode(nodes.tokens, bias, self.prompts, past=self.past)
        return hidden, replace(self, past=past, depth=depth)
