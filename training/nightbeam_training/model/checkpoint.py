"""Reads and writes Hugging Face directories; unchanged weights are written as the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from nightbeam_training.data.chat_template import CHAT_TEMPLATE_FILES
from nightbeam_training.data.prompt_spec import PROMPT_SPEC_FILE, PromptSpec, read_prompt_spec
from nightbeam_training.data.prompts import ModelLimits
from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing
from nightbeam_training.model.config import CONFIG_FILE, HEADS_FIELD, parse_config, read_config
from nightbeam_training.model.llama import Llama

WEIGHTS_FILE = "model.safetensors"
ADAPTER_FILE = "adapter_config.json"
_ANGLES = ".rotary_emb.inv_freq"
DESCRIBING_FILES = [CONFIG_FILE, PROMPT_SPEC_FILE, "tokenizer.json", "tokenizer_config.json"]


@dataclass(frozen=True)
class Checkpoint:
    """A model and the other contents of its directory."""

    model: Llama
    config: dict[str, Any]
    """The whole of `config.json`, unknown fields included."""
    prompt: PromptSpec


def limits_of(model: Llama) -> ModelLimits:
    """What prompts may have."""
    config = model.config
    return ModelLimits(vocabulary=config.vocab_size, positions=config.max_position_embeddings)


def new_checkpoint(config: dict[str, Any], prompt: PromptSpec) -> Checkpoint:
    """A model with new weights from torch's global generator."""
    return Checkpoint(model=Llama(parse_config(config, "config")), config=config, prompt=prompt)


def load_checkpoint(directory: Path, *, heads: bool = False) -> Checkpoint:
    """Weights become float32. Raises TrainingError BAD_CHECKPOINT, naming file and tensor.

    heads: whether a heads draft is accepted; it does not use prefixes, so usually it is not.
    """
    if (directory / ADAPTER_FILE).exists():
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory}: has an adapter ({ADAPTER_FILE}); merge it first: "
            f"nightbeam convert --model {directory} --out DIR",
        )
    config, raw = read_config(directory)
    if config.nightbeam_heads is not None and not heads:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory}: is a heads draft (config.json, {HEADS_FIELD}), which predicts all "
            "levels at once, without prefixes: give an ordinary checkpoint",
        )
    path = directory / WEIGHTS_FILE
    try:
        stored = load_file(path)
    except (OSError, SafetensorError) as error:
        raise TrainingError("BAD_CHECKPOINT", f"{path}: cannot be read: {error}") from error
    # Older files store the RoPE frequencies, which follow from the config.
    weights = {name: tensor for name, tensor in stored.items() if not name.endswith(_ANGLES)}
    embedding = weights.get("model.embed_tokens.weight")
    head = weights.get("lm_head.weight")
    differs = embedding is not None and head is not None and not torch.equal(head, embedding)
    if config.tie_word_embeddings and differs:
        # As in `transformers`, a stored head that differs from the embeddings is not tied.
        raw = {**raw, "tie_word_embeddings": False}
        config = parse_config(raw, str(directory / CONFIG_FILE))
    model = Llama(config)
    if config.tie_word_embeddings and embedding is not None:
        weights.setdefault("lm_head.weight", embedding)
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{path}: {name} is {found.get(name, 'missing')}, "
                f"config.json requires {expected.get(name, 'no such tensor')}",
            )
    model.load_state_dict(weights)
    prompt = read_prompt_spec(directory)
    if config.nightbeam_heads not in (None, prompt.levels - 2):
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory / CONFIG_FILE}: {HEADS_FIELD} is {config.nightbeam_heads}; "
            f"{prompt.levels} levels need {prompt.levels - 2}: all but the first and the last",
        )
    return Checkpoint(model=model, config=raw, prompt=prompt)


def save_checkpoint(
    checkpoint: Checkpoint, directory: Path, *, dtype: torch.dtype = torch.float32
) -> None:
    """Writes config.json, model.safetensors and nightbeam.json, each atomically."""
    directory.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in checkpoint.model.state_dict().items()
    }
    if checkpoint.model.config.tie_word_embeddings:
        del weights["lm_head.weight"]
    with replacing(directory / WEIGHTS_FILE) as partial:
        partial.write_bytes(save(weights, metadata={"format": "pt"}))
    named = str(dtype).removeprefix("torch.")
    # Newer files call it `dtype`, which takes precedence in `transformers`.
    fields = {"torch_dtype", *({"dtype"} & checkpoint.config.keys())}
    _write_json(directory / CONFIG_FILE, {**checkpoint.config, **dict.fromkeys(fields, named)})
    spec = checkpoint.prompt.model_dump(exclude_unset=True)
    _write_json(directory / PROMPT_SPEC_FILE, spec)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def checkpoint_hash(directory: Path) -> str:
    """Hash (sha256) over the files that determine a model's output, the same as the runtime's."""
    digest = hashlib.sha256()
    chat = read_prompt_spec(directory).prompt.kind == "chat"
    for name in [*DESCRIBING_FILES, *(CHAT_TEMPLATE_FILES if chat else ()), WEIGHTS_FILE]:
        path = directory / name
        if path.exists():
            digest.update(f"{name}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
