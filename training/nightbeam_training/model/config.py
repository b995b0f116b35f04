"""A LLaMA decoder's configuration, from `config.json` of a Hugging Face checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from nightbeam_training.errors import TrainingError

CONFIG_FILE = "config.json"
HEADS_FIELD = "nightbeam_heads"


class LlamaConfig(BaseModel):
    """The fields that affect the decoder's computation; other fields stay in the file unchanged."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    model_type: str = "llama"
    vocab_size: PositiveInt
    hidden_size: PositiveInt
    intermediate_size: PositiveInt
    num_hidden_layers: PositiveInt
    num_attention_heads: PositiveInt
    num_key_value_heads: PositiveInt | None = None
    head_dim: PositiveInt | None = None
    hidden_act: str = "silu"
    max_position_embeddings: PositiveInt = 2048
    rms_norm_eps: float = Field(default=1e-6, gt=0)
    rope_theta: float = Field(default=10_000.0, gt=0)
    rope_scaling: dict[str, Any] | None = None
    rope_parameters: dict[str, Any] | None = None
    tie_word_embeddings: bool = False
    attention_bias: bool = False
    mlp_bias: bool = False
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
    def theta(self) -> float:
        """RoPE base; newer files have it in `rope_parameters`, which a `rope_scaling` replaces."""
        parameters = self.rope_scaling or self.rope_parameters or {}
        return float(parameters.get("rope_theta", self.rope_theta))


def parse_config(raw: dict[str, Any], place: str) -> LlamaConfig:
    """Raises TrainingError BAD_CHECKPOINT, naming the field that is wrong or not supported."""
    try:
        config = LlamaConfig.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise TrainingError("BAD_CHECKPOINT", f"{place}: {field}: {first['msg']}") from error
    scaling = config.rope_scaling or config.rope_parameters or {}
    rope = scaling.get("rope_type", scaling.get("type", "default"))
    checks = [
        ("model_type", config.model_type, "llama"),
        ("hidden_act", config.hidden_act, "silu"),
        ("RoPE scaling", rope, "default"),
    ]
    for field, found, supported in checks:
        if found != supported:
            raise TrainingError(
                "BAD_CHECKPOINT", f"{place}: {field} is {found}; training supports {supported}"
            )
    if config.num_attention_heads % config.key_value_heads != 0 or config.head_width % 2 != 0:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{place}: {config.num_attention_heads} heads of width {config.head_width} do not go "
            f"with {config.key_value_heads} key-value heads: needs a multiple, and an even width",
        )
    return config


def read_config(directory: Path) -> tuple[LlamaConfig, dict[str, Any]]:
    """The parsed configuration and the raw file, which is written back unchanged."""
    path = directory / CONFIG_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(raw, dict):
        raise TrainingError("BAD_CHECKPOINT", f"{path}: must be a JSON object")
    return parse_config(raw, str(path)), raw


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
