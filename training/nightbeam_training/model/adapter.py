"""LoRA adapters as peft saves them. Others are refused, by the rules of the runtime."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, ValidationError

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.stored import (
    INDEX_FILE,
    WEIGHTS_FILE,
    Tensors,
    read_header,
)

ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PLAIN_STARTS = (None, True, False, "gaussian", "eva", "orthogonal")
"""Initialisations that leave the base's weights as they are; others subtract from them first."""
OTHER_METHODS = [
    "use_dora",
    "use_qalora",
    "use_bdlora",
    "lora_bias",
    "layer_replication",
    "target_parameters",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "velora_config",
]
"""Fields that make an adapter more than W + B·A."""


class AdapterSettings(BaseModel):
    """The fields of `adapter_config.json` that decide how the weights change."""

    model_config = ConfigDict(extra="allow", frozen=True)
    peft_type: str
    base_model_name_or_path: str | None = None
    r: PositiveInt = 8
    lora_alpha: float = 8
    use_rslora: bool | None = None
    bias: str | None = None
    rank_pattern: dict[str, PositiveInt] | None = None
    alpha_pattern: dict[str, float] | None = None
    modules_to_save: list[str] | None = None
    trainable_token_indices: list[int] | dict[str, list[int]] | None = None
    init_lora_weights: Any = Field(default=None)

    def token_rows(self) -> dict[str, list[int]]:
        """Rows that the adapter replaces, by module."""
        rows = self.trainable_token_indices
        return {"embed_tokens": rows} if isinstance(rows, list) else (rows or {})

    def canonical(self) -> str:
        """As the runtime writes them for its hash: JSON without spaces."""
        settings = {
            "rank": self.r,
            "alpha": _number(self.lora_alpha),
            "rankPattern": self.rank_pattern or {},
            "alphaPattern": {
                key: _number(alpha) for key, alpha in (self.alpha_pattern or {}).items()
            },
            "rankStabilised": self.use_rslora is True,
            "savedModules": self.modules_to_save or [],
            "tokenRows": self.token_rows(),
        }
        return json.dumps(settings, separators=(",", ":"), ensure_ascii=False)


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value


@dataclass(frozen=True)
class Adapter:
    """An adapter's directory, its settings, and the checkpoint that it was trained on."""

    directory: Path
    base: Path
    settings: AdapterSettings
    tensors: Tensors
    """By the names in its file."""

    @property
    def vocabulary(self) -> int | None:
        """Rows of the embeddings, if the adapter has them as a whole."""
        for part in ("modules_to_save.weight", "weight", "base_layer.weight"):
            for name, tensor in self.tensors.items():
                if name.endswith(f".embed_tokens.{part}"):
                    return tensor.shape[0]
        return None


def find_adapter(directory: Path) -> Adapter | None:
    """None if the directory has no `adapter_config.json`.

    Raises TrainingError BAD_CHECKPOINT for other adapters than plain LoRA, and if the base model is
    not on this machine.
    """
    path = directory / ADAPTER_CONFIG
    if not path.exists():
        return None
    settings = _read_settings(path)
    if not (directory / ADAPTER_WEIGHTS).exists():
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{path}: describes an adapter, but there is no {ADAPTER_WEIGHTS} beside it; if the "
            f"weights beside it are merged already, delete {ADAPTER_CONFIG}",
        )
    return Adapter(
        directory,
        _base_of(directory, settings.base_model_name_or_path),
        settings,
        read_header(directory / ADAPTER_WEIGHTS),
    )


def _read_settings(path: Path) -> AdapterSettings:
    try:
        settings = AdapterSettings.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TrainingError("BAD_CHECKPOINT", f"{path}: {place}: {first['msg']}") from error
    extra = settings.model_extra or {}
    problem = next((f"{name} is set" for name in OTHER_METHODS if extra.get(name)), None)
    if settings.peft_type != "LORA":
        problem = f"peft_type is {settings.peft_type}"
    elif settings.bias not in (None, "none"):
        problem = f"bias is {settings.bias}"
    elif settings.init_lora_weights not in PLAIN_STARTS:
        problem = f"init_lora_weights is {settings.init_lora_weights}"
    if problem is not None:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{path}: {problem}, which is not plain LoRA; merge it with peft "
            "(model.merge_and_unload().save_pretrained(DIR)) and give DIR",
        )
    return settings


def _base_of(directory: Path, named: str | None) -> Path:
    """A whole model beside the adapter goes before the one that the adapter names."""
    beside = [directory / WEIGHTS_FILE, directory / INDEX_FILE]
    if (directory / "config.json").exists() and any(path.exists() for path in beside):
        return directory
    path = directory / ADAPTER_CONFIG
    for base in [] if not named else [Path(named), directory / named]:
        if not base.is_dir():
            continue
        if base.resolve() != directory.resolve() and (base / ADAPTER_CONFIG).exists():
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{path}: names the base model {named}, which is an adapter itself: merge that one "
                f"first: nightbeam convert --model {named} --out DIR",
            )
        return base
    raise TrainingError(
        "BAD_CHECKPOINT",
        f"{path}: names the base model {named}, which is not a directory here: download it "
        f"(hf download {named} --local-dir BASE) and set base_model_name_or_path to BASE"
        if named
        else f"{path}: names no base model: copy its config.json and weights beside it",
    )
