"""A T5's configuration, from `config.json` of a Hugging Face checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError
from torch import Tensor

from nightbeam_training.errors import TrainingError

T5_TYPE = "t5"


def _tanh_gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "gelu": F.gelu,
    "gelu_new": _tanh_gelu,
    "gelu_pytorch_tanh": _tanh_gelu,
    "silu": F.silu,
    "swish": F.silu,
}
"""By the name that `feed_forward_proj` gives them, perhaps after `gated-`."""


class T5Config(BaseModel):
    """The fields that affect the computation; other fields stay in the file unchanged."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    model_type: str
    vocab_size: PositiveInt = 32_128
    d_model: PositiveInt = 512
    d_kv: PositiveInt = 64
    d_ff: PositiveInt = 2048
    num_layers: PositiveInt = 6
    num_decoder_layers: PositiveInt | None = None
    num_heads: PositiveInt = 8
    relative_attention_num_buckets: int = Field(default=32, ge=4)
    relative_attention_max_distance: PositiveInt = 128
    layer_norm_epsilon: float = Field(default=1e-6, gt=0)
    feed_forward_proj: str = "relu"
    dropout_rate: float = Field(default=0.1, ge=0, lt=1)
    initializer_factor: float = Field(default=1.0, gt=0)
    tie_word_embeddings: bool = True
    """Whether the embeddings are the output layer; of a stored model, its tensors decide."""
    scale_decoder_outputs: bool | None = None
    pad_token_id: int | None = Field(default=0, ge=0)
    decoder_start_token_id: int | None = Field(default=None, ge=0)
    quantization_config: Any = None
    nightbeam_heads: None = None
    """Heads drafts are decoders without an encoder."""

    @property
    def decoder_layers(self) -> int:
        return self.num_decoder_layers or self.num_layers

    @property
    def gated(self) -> bool:
        return self.feed_forward_proj.startswith("gated-")

    @property
    def activation(self) -> str:
        name = self.feed_forward_proj.removeprefix("gated-")
        # As in `transformers`, which gives the gated one the older approximation.
        return "gelu_new" if self.gated and name == "gelu" else name

    @property
    def scales(self) -> bool:
        """Whether hidden states are multiplied by d_model ** -0.5 before the output layer."""
        if self.scale_decoder_outputs is not None:
            return self.scale_decoder_outputs
        return self.tie_word_embeddings

    @property
    def start(self) -> int:
        """Token that the decoder begins with."""
        given = self.decoder_start_token_id
        return given if given is not None else self.pad_token_id or 0

    # What is said of any model, in the words of the others' config.json.

    @property
    def hidden_size(self) -> int:
        return self.d_model

    @property
    def intermediate_size(self) -> int:
        return self.d_ff

    @property
    def num_hidden_layers(self) -> int:
        return self.num_layers + self.decoder_layers

    @property
    def num_attention_heads(self) -> int:
        return self.num_heads

    @property
    def key_value_heads(self) -> int:
        return self.num_heads

    @property
    def head_width(self) -> int:
        return self.d_kv

    def positions(self) -> None:
        """None: there is no table of positions that a prompt has to fit in."""


def parse_t5_config(raw: Mapping[str, Any], place: str) -> T5Config:
    """Raises TrainingError BAD_CHECKPOINT, naming the field that is wrong or not supported."""
    try:
        given = {name: value for name, value in raw.items() if value is not None}
        config = T5Config.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise _bad(f"{place}: {field}: {first['msg']}") from error
    if raw.get("is_encoder_decoder") is False:
        raise _bad(f"{place}: is_encoder_decoder is false; training supports whole T5 models")
    if config.activation not in ACTIVATIONS:
        raise _bad(
            f"{place}: feed_forward_proj is {config.feed_forward_proj}; training supports "
            f"{', '.join(ACTIVATIONS)}, each also after gated-"
        )
    if config.quantization_config is not None:
        raise _bad(f"{place}: quantization_config is set: give the checkpoint from before")
    if config.relative_attention_max_distance <= config.relative_attention_num_buckets // 2:
        raise _bad(
            f"{place}: relative_attention_max_distance {config.relative_attention_max_distance} "
            "must be larger than half of relative_attention_num_buckets "
            f"{config.relative_attention_num_buckets}"
        )
    if config.start >= config.vocab_size:
        raise _bad(
            f"{place}: decoder_start_token_id {config.start} is outside the vocabulary of "
            f"{config.vocab_size}"
        )
    return config


def new_t5_config(
    *,
    vocabulary: int,
    layers: int,
    decoder_layers: int,
    width: int,
    heads: int,
    head_width: int,
    feed_forward: int,
    dropout: float,
) -> dict[str, Any]:
    """`config.json` of a new model, with the fields that `transformers` writes."""
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": T5_TYPE,
        "d_model": width,
        "d_kv": head_width,
        "d_ff": feed_forward,
        "num_layers": layers,
        "num_decoder_layers": decoder_layers,
        "num_heads": heads,
        "relative_attention_num_buckets": 32,
        "relative_attention_max_distance": 128,
        "layer_norm_epsilon": 1e-6,
        "feed_forward_proj": "relu",
        "dropout_rate": dropout,
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "tie_word_embeddings": True,
        "vocab_size": vocabulary,
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 2,
        "torch_dtype": "float32",
    }


def _bad(message: str) -> TrainingError:
    return TrainingError("BAD_CHECKPOINT", message)
