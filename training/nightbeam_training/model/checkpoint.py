"""Reads and writes Hugging Face directories; unchanged weights are written as the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.chat_template import CHAT_TEMPLATE_FILES
from nightbeam_training.data.prompt_spec import PROMPT_SPEC_FILE, PromptSpec, read_prompt_spec
from nightbeam_training.data.prompts import ModelLimits, Prompts, open_prompts
from nightbeam_training.data.tokenizer import TOKENIZER_FILE
from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing
from nightbeam_training.model.adapter import ADAPTER_WEIGHTS, find_adapter
from nightbeam_training.model.config import CONFIG_FILE, HEADS_FIELD, parse_config
from nightbeam_training.model.models import Model, new_network
from nightbeam_training.model.open_stored import StoredModel, open_stored, place_of
from nightbeam_training.model.stored import WEIGHTS_FILE, save_tensors, weight_files
from nightbeam_training.model.t5_config import T5Config

DESCRIBING_FILES = [CONFIG_FILE, PROMPT_SPEC_FILE, "tokenizer.json", "tokenizer_config.json"]
MAX_POSITIONS = 4096
"""As in a run, which rejects users with longer prompts, whatever the model takes."""


@dataclass(frozen=True)
class Checkpoint:
    """A model and the other contents of its directory."""

    model: Model
    config: dict[str, Any]
    """The whole of `config.json`, unknown fields included."""
    prompt: PromptSpec


def prompts_of(checkpoint: Checkpoint, catalogue: Catalogue, directory: Path) -> Prompts:
    """Its prompts over a catalogue; directory: where it was read. Raises as `open_prompts`."""
    config = checkpoint.model.config
    positions = min(config.positions() or MAX_POSITIONS, MAX_POSITIONS)
    limits = ModelLimits(
        vocabulary=config.vocab_size,
        positions=positions,
        answers_apart=isinstance(config, T5Config),
    )
    return open_prompts(checkpoint.prompt, catalogue, tokenizer_place(directory), limits)


def tokenizer_place(directory: Path) -> Path:
    """Where the tokenizer of a checkpoint is: that of an adapter may be beside its base."""
    adapter = find_adapter(directory)
    base = directory if adapter is None else adapter.base
    return place_of(TOKENIZER_FILE, directory=directory, base=base)


def new_checkpoint(config: dict[str, Any], prompt: PromptSpec) -> Checkpoint:
    """A model with new weights from torch's global generator."""
    model = new_network(parse_config(config, "config")).eval()
    return Checkpoint(model=model, config=config, prompt=prompt)


def load_checkpoint(
    directory: Path,
    *,
    heads: bool = False,
    device: torch.device | None = None,
    frozen: bool = False,
) -> Checkpoint:
    """A checkpoint of a supported family, of one file or of shards; a LoRA adapter is merged.

    heads: whether a heads draft is accepted; it does not use prefixes, so usually it is not.
    device: where the weights are read to, one by one. Default: the CPU.
    frozen: for a model that is not trained and multiplies in bfloat16: layers keep 16 bits per
    weight, which changes no product. Default: all weights become float32.

    Raises TrainingError BAD_CHECKPOINT, naming file and tensor.
    """
    checkpoint, stored = open_checkpoint(directory, heads=heads)
    read_weights(checkpoint, stored, device=device, frozen=frozen)
    return checkpoint


def open_checkpoint(directory: Path, *, heads: bool = False) -> tuple[Checkpoint, StoredModel]:
    """The same before its weights are read: they are on torch's device `meta`."""
    stored = open_stored(directory)
    config = stored.config
    if config.nightbeam_heads is not None and not heads:
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{directory}: is a heads draft (config.json, {HEADS_FIELD}), which predicts all "
            "levels at once, without prefixes: give an ordinary checkpoint",
        )
    with torch.device("meta"):
        model = new_network(config).eval()
    _check_shapes(model, stored)
    return Checkpoint(model=model, config=stored.raw, prompt=_prompt_spec(stored)), stored


def read_weights(
    checkpoint: Checkpoint, stored: StoredModel, *, device: torch.device | None, frozen: bool
) -> None:
    """Reads the weights of an opened checkpoint, see `load_checkpoint`."""
    model = checkpoint.model
    weights = {}
    for name in stored.tensors:
        # A copy, because what was read is still the file's own memory.
        tensor = stored.read(name)
        weights[name] = tensor.to(device, stored.held_as(name, frozen=frozen), copy=True)
    model.load_state_dict(weights, assign=True, strict=False)
    if model.config.tie_word_embeddings:
        model.tie()


def _check_shapes(model: Model, stored: StoredModel) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if stored.config.tie_word_embeddings:
        del expected["lm_head.weight"]
    found = {name: tensor.shape for name, tensor in stored.tensors.items()}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            place = stored.tensors[name].path if name in found else weight_files(stored.base)[0]
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{place}: {name} is {found.get(name, 'missing')}, "
                f"config.json requires {expected.get(name, 'no such tensor')}",
            )


def _prompt_spec(stored: StoredModel) -> PromptSpec:
    config, prompt = stored.config, read_prompt_spec(stored.place_of(PROMPT_SPEC_FILE))
    if config.nightbeam_heads not in (None, prompt.levels - 2):
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{stored.base / CONFIG_FILE}: {HEADS_FIELD} is {config.nightbeam_heads}; "
            f"{prompt.levels} levels need {prompt.levels - 2}: all but the first and the last",
        )
    return prompt


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
    save_tensors(weights, directory / WEIGHTS_FILE)
    named = str(dtype).removeprefix("torch.")
    # Newer files call it `dtype`, which takes precedence in `transformers`.
    fields = {"torch_dtype", *({"dtype"} & checkpoint.config.keys())}
    write_json(directory / CONFIG_FILE, {**checkpoint.config, **dict.fromkeys(fields, named)})
    spec = checkpoint.prompt.model_dump(exclude_unset=True)
    write_json(directory / PROMPT_SPEC_FILE, spec)


def write_json(path: Path, value: dict[str, Any]) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def checkpoint_hash(directory: Path) -> str:
    """Hash (sha256) over the files that determine a model's output, the same as the runtime's."""
    adapter = find_adapter(directory)
    base = directory if adapter is None else adapter.base
    describing = [
        place_of(name, directory=directory, base=base) / name for name in DESCRIBING_FILES
    ]
    if _has_chat(place_of(PROMPT_SPEC_FILE, directory=directory, base=base) / PROMPT_SPEC_FILE):
        describing += [
            place_of(name, directory=directory, base=base) / name for name in CHAT_TEMPLATE_FILES
        ]
    weights = weight_files(base)
    if adapter is not None:
        weights.append(directory / ADAPTER_WEIGHTS)
    digest = hashlib.sha256()
    for path in [*describing, *weights]:
        if path.exists():
            digest.update(f"{path.name}\n".encode())
            with path.open("rb") as file:
                while piece := file.read(2**24):
                    digest.update(piece)
    if adapter is not None:
        digest.update(adapter.settings.canonical().encode())
    return digest.hexdigest()


def _has_chat(path: Path) -> bool:
    """Whether the prompts are chats, for which the template's files count too."""
    try:
        return bool(json.loads(path.read_bytes())["prompt"]["kind"] == "chat")
    except (OSError, ValueError, KeyError, TypeError):
        return False
