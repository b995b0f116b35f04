"""The modules that an adapter's file has tensors for, and which part of a module each is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.adapter import Adapter
from nightbeam_training.model.stored import StoredTensor, Tensors

EMBEDDINGS, HEAD = "model.embed_tokens.weight", "lm_head.weight"
WRAPPER = "base_model.model."
WHOLE = [
    "modules_to_save.weight",
    "weight",
    "base_layer.weight",
    "token_adapter.base_layer.weight",
]
"""Parts that are a module's weight as a whole, the best source first."""
DELTA = "token_adapter.trainable_tokens_delta"
ORIGINAL = "original_module.weight"
PARTS = [
    "lora_A.weight",
    "lora_B.weight",
    "lora_embedding_A",
    "lora_embedding_B",
    DELTA,
    "token_adapter.base_layer.weight",
    "modules_to_save.weight",
    "base_layer.weight",
    ORIGINAL,
    "weight",
]
"""What the names of an adapter's tensors end with; an ending before its own ending."""
ADAPTER_NAME = re.compile(
    r"(\.(?:lora_A|lora_B|lora_embedding_A|lora_embedding_B|modules_to_save|trainable_tokens_delta))"
    r"\.default(?=\.|$)"
)
"""The name that peft gives an adapter by default; it leaves it out of its own files."""


@dataclass(frozen=True)
class AdaptedModule:
    """What an adapter's file has of one module."""

    name: str
    """As the base calls it in Python, such as `model.layers.0.self_attn.q_proj`."""
    parts: Mapping[str, StoredTensor]
    """By what follows the module's name."""
    is_saved: bool
    """Whether the adapter trains a copy of the module, and the base's own stays as it is."""

    @property
    def whole(self) -> StoredTensor | None:
        return next((self.parts[part] for part in WHOLE if part in self.parts), None)


@dataclass(frozen=True)
class AdapterBase:
    """The checkpoint that an adapter was trained on."""

    tensors: Tensors
    """By plain names."""
    names: Mapping[str, str]
    """Plain names of the stored names."""
    tied: bool
    """Whether the output layer is the embeddings."""


def adapted_modules(base: AdapterBase, adapter: Adapter) -> dict[str, AdaptedModule]:
    """By the plain name of the weight that each is for."""
    parts: dict[str, dict[str, StoredTensor]] = {}
    for stored, tensor in adapter.tensors.items():
        key = ADAPTER_NAME.sub(r"\1", stored).removeprefix(WRAPPER)
        part = next((ending for ending in PARTS if key.endswith(f".{ending}")), None)
        if part is None:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{adapter.directory}: {stored} is not a part of plain LoRA; merge it with peft",
            )
        parts.setdefault(key.removesuffix(f".{part}"), {})[part] = tensor
    modules = {}
    for name, own in parts.items():
        weight = f"{name}.weight"
        plain = base.names.get(weight, weight)
        if plain not in base.tensors and plain != HEAD:
            raise unfit(adapter, f"is for {name}, and {adapter.base} has no {weight}")
        saved = adapter.settings.modules_to_save or []
        is_saved = any(name == key or name.endswith(f".{key}") for key in saved)
        modules[plain] = AdaptedModule(name, own, is_saved)
    return modules


def unfit(adapter: Adapter, what: str) -> TrainingError:
    return TrainingError(
        "BAD_CHECKPOINT",
        f"{adapter.directory}: the adapter {what}; was it trained on another model?",
    )
