"""Weights on disk: `model.safetensors` or shards, read one tensor at a time by plain names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
FLOATS = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
"""The element types that weights may have, as the file format names them."""


@dataclass(frozen=True)
class StoredTensor:
    """A tensor in a safetensors file."""

    path: Path
    name: str
    """In the file."""
    type: str
    """As the format names it: F32, F16, BF16, …"""
    shape: tuple[int, ...]

    def read(self) -> Tensor:
        """Raises TrainingError BAD_CHECKPOINT for other types than F32, F16 and BF16."""
        if self.type not in FLOATS:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{self.path}: {self.name} is {self.type}; F32, F16 and BF16 are supported",
            )
        with safe_open(self.path, framework="pt") as file:
            tensor: Tensor = file.get_tensor(self.name)
        return tensor


Tensors = Mapping[str, StoredTensor]


def read_header(path: Path) -> dict[str, StoredTensor]:
    """The tensors of one file. Raises TrainingError BAD_CHECKPOINT."""
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {
                name: StoredTensor(path, name, part.get_dtype(), tuple(part.get_shape()))
                for name, part in slices.items()
            }
    except (OSError, SafetensorError) as error:
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be read: {error}") from error


def weight_files(directory: Path) -> list[Path]:
    """`model.safetensors`, or the shards that its index names, sorted.

    Raises TrainingError BAD_CHECKPOINT, naming the file that is missing.
    """
    whole, index = directory / WEIGHTS_FILE, directory / INDEX_FILE
    if whole.exists() or not index.exists():
        return [whole]
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        files = sorted({str(file) for file in named.values()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(
            "BAD_CHECKPOINT", f"{index}: must map tensor names to shard files (weight_map)"
        ) from error
    for file in files:
        if Path(file).name != file:
            raise TrainingError(
                "BAD_CHECKPOINT", f'{index}: "{file}" is not a file in the same directory'
            )
    missing = [file for file in files if not (directory / file).exists()]
    if missing:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{index}: names {len(missing)} of {len(files)} files that do not exist, such as "
            f"{directory / missing[0]}: download or copy them again",
        )
    return [directory / file for file in files]


def list_tensors(directory: Path) -> dict[str, StoredTensor]:
    """All tensors of a checkpoint, by the names in its files; only headers are read.

    Raises TrainingError BAD_CHECKPOINT.
    """
    tensors: dict[str, StoredTensor] = {}
    for path in weight_files(directory):
        if not path.exists() and (directory / "pytorch_model.bin").exists():
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{path}: cannot be read: {directory} has weights as PyTorch pickles them; load "
                "them with transformers, and save_pretrained writes model.safetensors",
            )
        for name, tensor in read_header(path).items():
            if name in tensors:
                raise TrainingError(
                    "BAD_CHECKPOINT",
                    f"{path}: {name} is also in {tensors[name].path.name}; remove one of them",
                )
            tensors[name] = tensor
    return tensors


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Writes a file, atomically, that its directory's users can read as any other."""
    with replacing(path) as partial:
        partial.touch()
        mode = partial.stat().st_mode
        # It makes a file for the owner alone.
        save_file(dict(tensors), partial, metadata={"format": "pt"})
        partial.chmod(mode)


WRAPPED = re.compile(
    r"(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)(?=\.)"
)
"""Parts of names that wrappers of a module leave anywhere in them."""
ROOTED = re.compile(r"(.+\.)model\.embed_tokens\.weight")
"""The embeddings with the beginning that a wrapper of the whole model leaves on every name."""
TEXT_PARTS = {
    "model.language_model.lm_head.": "lm_head.",
    "model.language_model.": "model.",
    "model.text_model.": "model.",
    "language_model.model.": "model.",
    "language_model.lm_head.": "lm_head.",
}
"""Beginnings in models with images or sound, and what they are called in a text model."""


def plain_names(stored: list[str], *, text_only: bool) -> dict[str, str]:
    """The name that `save_pretrained` would give each tensor, without those outside the text part
    if `text_only`.

    Raises TrainingError BAD_CHECKPOINT for a model that was saved with an adapter inside.
    """
    for name in stored:
        if re.search(r"\.(lora_A|lora_B|base_layer)\.", name):
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{name}: saved with a LoRA adapter that is not merged; merge it with peft before "
                "saving (model.merge_and_unload().save_pretrained(DIR))",
            )
    names = {name: WRAPPED.sub("", name).removeprefix(".") for name in stored}
    roots = [match[1] for name in names.values() if (match := ROOTED.fullmatch(name))]
    if roots and all(name.startswith(roots[0]) for name in names.values()):
        names = {old: name.removeprefix(roots[0]) for old, name in names.items()}
    parts = {old: _text_part(name) for old, name in names.items()}
    if any(parts.values()):
        names = {
            old: parts[old] or name
            for old, name in names.items()
            if parts[old] or not text_only or name.startswith("lm_head.")
        }
    if "embed_tokens.weight" in names.values():
        names = {
            old: name if name.startswith("lm_head.") else f"model.{name}"
            for old, name in names.items()
        }
    return names


def _text_part(name: str) -> str | None:
    for beginning, plain in TEXT_PARTS.items():
        if name.startswith(beginning):
            return plain + name.removeprefix(beginning)
    return None


def by_plain_names(tensors: Tensors, names: Mapping[str, str]) -> dict[str, StoredTensor]:
    """Raises TrainingError BAD_CHECKPOINT if two tensors get one name."""
    plain: dict[str, StoredTensor] = {}
    for old, name in names.items():
        if name in plain:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{tensors[old].path}: {plain[name].name} and {old} are both the tensor {name}; "
                "remove one of them",
            )
        plain[name] = tensors[old]
    return plain
