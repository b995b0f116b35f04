"""The model families that are supported: decoders that differ from LLaMA's in biases and norms.

A new one gets an entry in `FAMILIES`; the runtime's are in packages/model/src/architectures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, NonNegativeInt, PositiveInt

from nightbeam_training.errors import TrainingError

DEFAULT_WINDOW = 4096
SLIDING = "sliding_attention"


@dataclass(frozen=True)
class Biases:
    qkv: bool
    output: bool
    feed_forward: bool


@dataclass(frozen=True)
class Family:
    """What one `model_type` of `config.json` means."""

    defaults: Mapping[str, object]
    """Fields that `transformers` assumes if the file does not have them."""
    attention_biases: Literal["none", "qkv", "configured"]
    feed_forward_bias: bool
    """Whether the field `mlp_bias` is read."""
    query_key_norm: bool
    windows: Literal["all layers", "switched on", "cache"]
    """Which layers `sliding_window` is about. `cache`: none, but that of `generate` follows it."""

    def biases(self, attention_bias: bool, mlp_bias: bool) -> Biases:
        configured = self.attention_biases == "configured" and attention_bias
        return Biases(
            qkv=self.attention_biases == "qkv" or configured,
            output=configured,
            feed_forward=self.feed_forward_bias and mlp_bias,
        )


FAMILIES: Mapping[str, Family] = {
    "llama": Family(
        defaults={"max_position_embeddings": 2048},
        attention_biases="configured",
        feed_forward_bias=True,
        query_key_norm=False,
        windows="cache",
    ),
    "mistral": Family(
        defaults={
            "max_position_embeddings": 131_072,
            "num_key_value_heads": 8,
            "sliding_window": DEFAULT_WINDOW,
        },
        attention_biases="none",
        feed_forward_bias=False,
        query_key_norm=False,
        windows="all layers",
    ),
    "qwen2": Family(
        defaults={
            "max_position_embeddings": 32_768,
            "num_key_value_heads": 32,
            "sliding_window": DEFAULT_WINDOW,
        },
        attention_biases="qkv",
        feed_forward_bias=False,
        query_key_norm=False,
        windows="switched on",
    ),
    "qwen3": Family(
        defaults={
            "max_position_embeddings": 32_768,
            "num_key_value_heads": 32,
            "head_dim": 128,
            "sliding_window": DEFAULT_WINDOW,
        },
        attention_biases="configured",
        feed_forward_bias=False,
        query_key_norm=True,
        windows="switched on",
    ),
}


def family_of(model_type: object, place: str) -> Family:
    """Raises TrainingError BAD_CHECKPOINT if the type is not supported."""
    family = FAMILIES.get(model_type) if isinstance(model_type, str) else None
    if family is None:
        raise _bad(
            f"{place}: model_type is {model_type}; training supports {', '.join(FAMILIES)}, t5"
        )
    return family


class WindowFields(BaseModel):
    """The fields of a `config.json` about layers that see only the last tokens."""

    use_sliding_window: bool | None = None
    sliding_window: PositiveInt | None = None
    max_window_layers: NonNegativeInt = 28
    layer_types: list[str] | None = None

    def window(self, family: Family, *, layers: int, place: str) -> int | None:
        """Positions that the narrowest layer sees, the token itself included; None: all of them.

        Raises TrainingError BAD_CHECKPOINT, naming the field.
        """
        types = self.layer_types or []
        if self.layer_types is not None and len(types) != layers:
            raise _bad(
                f"{place}: layer_types has {len(types)} entries, num_hidden_layers is {layers}"
            )
        for kind in types:
            if kind not in (SLIDING, "full_attention", "attention"):
                raise _bad(
                    f"{place}: layer_types has {kind}; training supports full_attention and "
                    f"{SLIDING}"
                )
        match family.windows:
            case "all layers":
                return self.sliding_window
            case "cache":
                return None if self.use_sliding_window is False else self.sliding_window
            case "switched on":
                return self._switched_on(layers, place)

    def _switched_on(self, layers: int, place: str) -> int | None:
        window = self.sliding_window if self.use_sliding_window else None
        if self.layer_types is not None:
            slides = SLIDING in self.layer_types
        else:
            slides = window is not None and self.max_window_layers < layers
        if slides and window is None:
            raise _bad(
                f"{place}: layer_types has {SLIDING}, but use_sliding_window is "
                f"{self.use_sliding_window} and sliding_window {self.sliding_window}: the width "
                "of the window is unknown"
            )
        return window if slides else None


def _bad(message: str) -> TrainingError:
    return TrainingError("BAD_CHECKPOINT", message)
