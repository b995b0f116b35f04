"""A checkpoint directory as it is on disk: base, adapter, configuration, and plain tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.adapter import find_adapter
from nightbeam_training.model.adapter_modules import EMBEDDINGS, HEAD, AdapterBase
from nightbeam_training.model.config import CONFIG_FILE, ModelConfig, parse_config, read_config
from nightbeam_training.model.merge import Change, adapt_tensors
from nightbeam_training.model.stored import (
    FLOATS,
    StoredTensor,
    Tensors,
    by_plain_names,
    list_tensors,
    plain_names,
)
from nightbeam_training.model.t5_config import T5Config, parse_t5_config

IGNORED = ("inv_freq", "original_inv_freq", "cos_cached", "sin_cached")
"""Tables of RoPE in older files, which follow from the config."""
T5_EMBEDDINGS = "shared.weight"
T5_COPIES = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
T5_IGNORED = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
"""A table of some older files that no computation reads."""


@dataclass(frozen=True)
class StoredModel:
    """A model directory, perhaps with an adapter; the weights stay on disk until they are read."""

    directory: Path
    base: Path
    """Where config.json and the weights are: the same directory, or that of an adapter's base."""
    config: ModelConfig
    raw: dict[str, Any]
    """The whole of `config.json`, with what the weights say about the output layer."""
    tensors: Tensors
    """By plain names."""
    changes: Mapping[str, Change]
    """What an adapter does to tensors while they are read."""

    def read(self, name: str) -> Tensor:
        """A tensor in the numbers of its file, or of the base's."""
        tensor, change = self.tensors[name], self.changes.get(name)
        return tensor.read() if change is None else change.apply(tensor)

    def held_as(self, name: str, *, frozen: bool) -> torch.dtype:
        """The numbers in which a model keeps a weight. A frozen one multiplies in bfloat16.

        Vectors are small; rows of the embeddings and of the output layer are used in float32.
        """
        tensor = self.tensors[name]
        if not frozen or len(tensor.shape) < 2:
            return torch.float32
        # Biases are added, not multiplied.
        in_block = ".block." in name and not name.endswith("relative_attention_bias.weight")
        in_layers = ".layers." in name or in_block
        return torch.bfloat16 if in_layers else FLOATS.get(tensor.type, torch.float32)

    def place_of(self, file: str) -> Path:
        return place_of(file, directory=self.directory, base=self.base)


def place_of(file: str, *, directory: Path, base: Path) -> Path:
    """The directory that a file about prompts is in: an adapter's, or its base's."""
    return directory if file != CONFIG_FILE and (directory / file).exists() else base


def open_stored(directory: Path) -> StoredModel:
    """Reads what describes a checkpoint. Raises TrainingError BAD_CHECKPOINT."""
    adapter = find_adapter(directory)
    base = directory if adapter is None else adapter.base
    read = read_config(base, vocabulary=None if adapter is None else adapter.vocabulary)
    stored = list_tensors(base)
    names = plain_names(list(stored), text_only=read.text_only)
    plain = by_plain_names(stored, names)
    if isinstance(read.config, T5Config):
        if adapter is not None:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{directory}: is an adapter of a T5: merge it with peft "
                "(model.merge_and_unload().save_pretrained(DIR)), and give that directory",
            )
        return _open_t5(base, read.config, read.raw, plain)
    tensors: Tensors = {
        name: tensor
        for name, tensor in plain.items()
        if not name.endswith(tuple(f"rotary_emb.{table}" for table in IGNORED))
    }
    place, tied = base / CONFIG_FILE, read.config.tie_word_embeddings
    tensors, tied = _settled(tensors, {}, tied=tied, place=place)
    changes: dict[str, Change] = {}
    if adapter is not None:
        adapted, changes = adapt_tensors(AdapterBase(tensors, names, tied), adapter)
        tensors, tied = _settled(adapted, changes, tied=tied, place=place)
    config: ModelConfig = read.config
    raw = read.raw
    if tied != config.tie_word_embeddings:
        raw = {**raw, "tie_word_embeddings": tied}
        config = parse_config(raw, str(place))
    return StoredModel(directory, base, config, raw, tensors, changes)


def _open_t5(base: Path, config: T5Config, raw: dict[str, Any], plain: Tensors) -> StoredModel:
    """Embeddings may be stored under any of their three names. The head is tied unless one that
    differs is stored; `tie_word_embeddings` decides about the scale before it alone."""
    tensors = {name: tensor for name, tensor in plain.items() if name != T5_IGNORED}
    for copy in T5_COPIES:
        table = tensors.pop(copy, None)
        if table is not None:
            tensors.setdefault(T5_EMBEDDINGS, table)
    head, table = tensors.get(HEAD), tensors.get(T5_EMBEDDINGS)
    tied = head is None or table is None or _equal(head, table)
    if tied and head is not None:
        del tensors[HEAD]
        tensors.setdefault(T5_EMBEDDINGS, head)
    if tied != config.tie_word_embeddings:
        raw = {**raw, "tie_word_embeddings": tied, "scale_decoder_outputs": config.scales}
        config = parse_t5_config(raw, str(base / CONFIG_FILE))
    return StoredModel(base, base, config, raw, tensors, {})


def _settled(
    tensors: Tensors, changes: Mapping[str, Change], *, tied: bool, place: Path
) -> tuple[Tensors, bool]:
    """Settles what `tie_word_embeddings` leaves open, as `transformers` does: a stored head that
    differs from the embeddings is used, an equal one is left out, and embeddings that are not
    stored are the head."""
    head, table = tensors.get(HEAD), tensors.get(EMBEDDINGS)
    if not tied:
        if head is None and table is not None:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{place}: tie_word_embeddings is false, but {HEAD} is missing: set it to true if "
                "the output layer is the embeddings, or save the model with its head",
            )
        return tensors, False
    if head is None:
        return tensors, True
    others = {name: tensor for name, tensor in tensors.items() if name != HEAD}
    if table is None:
        return {**others, EMBEDDINGS: head}, True
    changed = any(name in changes and changes[name].computes for name in (HEAD, EMBEDDINGS))
    if changed or not _equal(head, table):
        return tensors, False
    return others, True


def _equal(one: StoredTensor, other: StoredTensor) -> bool:
    if (one.type, one.shape) != (other.type, other.shape):
        return False
    return torch.equal(one.read(), other.read())
