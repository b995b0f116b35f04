"""How much memory a model needs, estimated before its weights are read."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.config import ModelConfig
from nightbeam_training.model.lora import LoraOptions
from nightbeam_training.model.open_stored import StoredModel
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.token_scores import MAX_LOGITS

MIN_REPORTED = 1e9
"""Bytes: smaller models fit everywhere."""


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes by what they are for."""

    parts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())

    def check(self, device: torch.device, *, remedy: str) -> str | None:
        """A line for the terminal; None for a small model.

        Raises TrainingError TOO_LARGE, with the remedy, if the device has too little memory free.
        """
        if self.total < MIN_REPORTED:
            return None
        listed = ", ".join(f"{name} {size / 1e9:.1f}" for name, size in self.parts.items())
        place = "memory" if device.type == "cpu" else "GPU memory"
        line = f"Needs about {self.total / 1e9:.1f} GB of {place} ({listed})"
        free = free_memory(device)
        if free is None:
            return line
        if self.total > free:
            raise TrainingError("TOO_LARGE", f"{line}, but {free / 1e9:.1f} GB are free: {remedy}")
        return f"{line}; {free / 1e9:.1f} GB are free"


def free_memory(device: torch.device) -> float | None:
    """Bytes; None if it is not known."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    return None


def weight_bytes(stored: StoredModel, *, frozen: bool) -> float:
    """Of a model that `load_checkpoint` reads."""
    return float(
        sum(
            prod(tensor.shape) * stored.held_as(name, frozen=frozen).itemsize
            for name, tensor in stored.tensors.items()
        )
    )


@dataclass(frozen=True)
class SearchBatch:
    """A batch of a beam search."""

    users: int
    tokens: int
    """Of all prompts, padding included."""
    beams: int
    """Nodes per user and level."""
    levels: int


def search_memory(stored: StoredModel, search: SearchBatch, *, machine: Machine) -> MemoryNeed:
    """Labelling by a model that is not trained."""
    config, prompts, nodes = stored.config, search.tokens, search.users * search.beams
    per_position = 2 * config.key_value_heads * config.head_width * machine.product_bytes
    return MemoryNeed(
        {
            "weights": weight_bytes(stored, frozen=machine.freezes),
            "keys and values": (prompts + nodes * (search.levels - 1))
            * (config.num_hidden_layers + 1)
            * per_position,
            "one layer": prompts * _layer_bytes(config, machine.product_bytes),
            "output layer": config.vocab_size * 4.0 * (config.hidden_size + 2 * nodes),
        }
    )


@dataclass(frozen=True)
class Training:
    """A step of training."""

    tokens: int
    """Positions of a batch, padding included."""
    lora: LoraOptions | None
    gradient_checkpointing: bool


def training_memory(stored: StoredModel, training: Training, *, machine: Machine) -> MemoryNeed:
    """Weights, gradients, Adam's moments, and what the backward pass needs."""
    config, size, lora = stored.config, machine.product_bytes, training.lora
    frozen = lora is not None and machine.freezes
    trained = _trained(stored, lora)
    layer = training.tokens * _layer_bytes(config, size)
    inputs = training.tokens * config.hidden_size * 4.0
    layers = config.num_hidden_layers
    return MemoryNeed(
        {
            "weights": weight_bytes(stored, frozen=frozen) + (4.0 * trained if lora else 0),
            "gradients and moments": 12.0 * trained,
            "layers": layers * inputs + layer
            if training.gradient_checkpointing
            else layers * layer,
            # Logits, their gradient and a softmax, in chunks of positions.
            "output layer": config.vocab_size * 4.0 * config.hidden_size
            + 12.0 * min(training.tokens * config.vocab_size, MAX_LOGITS),
        }
    )


def _trained(stored: StoredModel, lora: LoraOptions | None) -> float:
    """Number of weights that are trained."""
    shapes = {name: tensor.shape for name, tensor in stored.tensors.items()}
    if lora is None:
        return float(sum(map(prod, shapes.values())))
    inside = [shape for name, shape in shapes.items() if ".layers." in name and len(shape) == 2]
    outside = [shape for name, shape in shapes.items() if ".layers." not in name]
    whole = sum(prod(shape) for shape in outside if len(shape) == 2) if lora.embeddings else 0
    return float(sum(lora.rank * sum(shape) for shape in inside) + whole)


def _layer_bytes(config: ModelConfig, size: int) -> float:
    """Of one layer, per position: what its backward pass reads, which is also what the forward pass
    has in memory at most. Sums over the layers and their norms are float32."""
    queries = config.num_attention_heads * config.head_width
    keys = config.key_value_heads * config.head_width
    residual = config.hidden_size * (8 + 2 * size)
    # Grouped keys and values are repeated for every query head.
    attention = (4 * queries + 2 * keys) * size
    return float(residual + attention + 4 * config.intermediate_size * size)
