"""A model's configuration, from `config.json` of a Hugging Face checkpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, PositiveInt, ValidationError

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.families import FAMILIES, Biases, Family, WindowFields, family_of
from nightbeam_training.model.rope import Rope, RopeFields
from nightbeam_training.model.t5_config import T5_TYPE, T5Config, parse_t5_config

CONFIG_FILE = "config.json"
HEADS_FIELD = "nightbeam_heads"


class LlamaConfig(RopeFields, WindowFields):
    """The fields that affect the decoder's computation; other fields stay in the file unchanged."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    model_type: str
    vocab_size: PositiveInt
    hidden_size: PositiveInt
    intermediate_size: PositiveInt
    num_hidden_layers: PositiveInt
    num_attention_heads: PositiveInt
    num_key_value_heads: PositiveInt | None = None
    head_dim: PositiveInt | None = None
    hidden_act: str = "silu"
    rms_norm_eps: float = Field(default=1e-6, gt=0)
    max_position_embeddings: PositiveInt
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    mlp_bias: bool = False
    quantization_config: Any = None
    quantization: Any = None
    initializer_range: float = Field(default=0.02, gt=0)
    nightbeam_heads: int | None = Field(default=None, ge=0)
    """Blocks of a heads draft (model/heads.py); None for an ordinary model."""

    @property
    def key_value_heads(self) -> int:
        return self.num_key_value_heads or self.num_attention_heads

    @property
    def head_width(self) -> int:
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def family(self) -> Family:
        return FAMILIES[self.model_type]

    @property
    def biases(self) -> Biases:
        return self.family.biases(self.attention_bias, self.mlp_bias)

    def rotary(self, place: str = CONFIG_FILE) -> Rope:
        """Raises TrainingError BAD_CHECKPOINT; never after `parse_config`."""
        return self.rope(self.max_position_embeddings, place)

    def positions(self, place: str = CONFIG_FILE) -> int:
        """Positions for a prompt and a code path: those that the model was made for, or those that
        its narrowest layer sees. Up to so many, a window changes nothing.

        Raises TrainingError BAD_CHECKPOINT; never after `parse_config`.
        """
        window = self.window(self.family, layers=self.num_hidden_layers, place=place)
        return min(self.max_position_embeddings, window or self.max_position_embeddings)


ModelConfig = LlamaConfig | T5Config


def parse_config(raw: dict[str, Any], place: str) -> ModelConfig:
    """Raises TrainingError BAD_CHECKPOINT, naming the field that is wrong or not supported."""
    if raw.get("model_type") == T5_TYPE:
        return parse_t5_config(raw, place)
    return parse_llama_config(raw, place)


def parse_llama_config(raw: dict[str, Any], place: str) -> LlamaConfig:
    """Of a decoder; raises as `parse_config`."""
    family = family_of(raw.get("model_type"), place)
    try:
        # A field that is missing has the family's default; one that is null follows from others.
        config = LlamaConfig.model_validate({**family.defaults, **raw})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise TrainingError("BAD_CHECKPOINT", f"{place}: {field}: {first['msg']}") from error
    if config.hidden_act not in ("silu", "swish"):
        raise TrainingError(
            "BAD_CHECKPOINT", f"{place}: hidden_act is {config.hidden_act}; training supports silu"
        )
    for field in ("quantization_config", "quantization"):
        if getattr(config, field) is not None:
            raise TrainingError(
                "BAD_CHECKPOINT", f"{place}: {field} is set: give the checkpoint from before"
            )
    if config.head_dim is None and config.hidden_size % config.num_attention_heads != 0:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{place}: hidden_size {config.hidden_size} is not a multiple of "
            f"num_attention_heads {config.num_attention_heads}",
        )
    if config.num_attention_heads % config.key_value_heads != 0 or config.head_width % 2 != 0:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{place}: {config.num_attention_heads} heads of width {config.head_width} do not go "
            f"with {config.key_value_heads} key-value heads: needs a multiple, and an even width",
        )
    config.rotary(place)
    config.positions(place)
    return config


@dataclass(frozen=True)
class ReadConfig:
    """A `config.json`."""

    config: ModelConfig
    raw: dict[str, Any]
    """The whole file, which is written back unchanged; of a larger model only its text part."""
    text_only: bool
    """Whether the model is the text part of one with images or sound."""


def read_config(directory: Path, *, vocabulary: int | None = None) -> ReadConfig:
    """vocabulary: rows of the embeddings that an adapter brings. Default: `vocab_size`.

    Raises TrainingError BAD_CHECKPOINT, naming the field that is wrong or not supported.
    """
    path = directory / CONFIG_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(raw, dict):
        raise TrainingError("BAD_CHECKPOINT", f"{path}: must be a JSON object")
    part = raw.get("text_config")
    text_only = False
    if (
        raw.get("model_type") not in (*FAMILIES, T5_TYPE)
        and isinstance(part, dict)
        and "model_type" in part
    ):
        text_only = True
        whole = ("tie_word_embeddings", "quantization_config", HEADS_FIELD)
        raw = {**part, **{name: raw[name] for name in whole if name in raw}}
    if vocabulary is not None:
        raw = {**raw, "vocab_size": vocabulary}
    return ReadConfig(parse_config(raw, str(path)), raw, text_only)


def new_config(
    *, vocabulary: int, layers: int, width: int, heads: int, feed_forward: int
) -> dict[str, Any]:
    """`config.json` of a new model, with the fields that `transformers` writes."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": width,
        "intermediate_size": feed_forward,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": width // heads,
        "hidden_act": "silu",
        "max_position_embeddings": 512,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000.0,
        "vocab_size": vocabulary,
        "tie_word_embeddings": False,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "torch_dtype": "float32",
    }
