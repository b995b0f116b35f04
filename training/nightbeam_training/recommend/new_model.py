"""New models with random weights: with prompts of their own, or with those of another model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.prompt_kinds import ItemsPrompt
from nightbeam_training.data.prompt_spec import (
    PROMPT_SPEC_FILE,
    default_prompt_spec,
    read_prompt_spec,
)
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import MAX_POSITIONS, Checkpoint, new_checkpoint
from nightbeam_training.model.config import new_config
from nightbeam_training.model.open_stored import open_stored
from nightbeam_training.model.t5_config import new_t5_config

EOS = 2
"""Of the numbering of `default_prompt_spec`."""


@dataclass(frozen=True)
class ModelSize:
    """Of a LLaMA."""

    layers: int
    width: int
    heads: int
    feed_forward: int

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads) != 0:
            raise TrainingError(
                "BAD_OPTION",
                f"--width {self.width} must be a multiple of twice --heads {self.heads}",
            )

    def config(self, vocabulary: int) -> dict[str, Any]:
        """`config.json` of a new model."""
        return new_config(vocabulary=vocabulary, **asdict(self))


@dataclass(frozen=True)
class T5Size:
    layers: int
    """Of the encoder."""
    decoder_layers: int
    width: int
    heads: int
    head_width: int
    feed_forward: int
    dropout: float

    def config(self, vocabulary: int) -> dict[str, Any]:
        """`config.json` of a new model."""
        return new_t5_config(vocabulary=vocabulary, **asdict(self))


def new_model(catalogue: Catalogue, size: ModelSize | T5Size, *, max_items: int) -> Checkpoint:
    """A model whose vocabulary is the catalogue's codes."""
    spec = default_prompt_spec(catalogue, max_items=max_items)
    if isinstance(size, T5Size):
        # As TIGER's: the encoder reads the items and then EOS.
        prompt = ItemsPrompt(kind="items", suffix=[EOS], maxItems=max_items)
        spec = spec.model_copy(update={"prompt": prompt})
    return new_checkpoint(size.config(spec.vocabulary), spec)


def model_like(directory: Path, size: ModelSize | T5Size) -> Checkpoint:
    """A model that reads the prompts of the checkpoint in `directory`.

    Raises TrainingError BAD_CHECKPOINT.
    """
    stored = open_stored(directory)
    spec = read_prompt_spec(stored.place_of(PROMPT_SPEC_FILE))
    special = ("bos_token_id", "eos_token_id", "pad_token_id")
    config = {
        **size.config(stored.config.vocab_size),
        **{name: stored.raw.get(name) for name in special},
    }
    if isinstance(size, T5Size):
        start = stored.raw.get("decoder_start_token_id")
        config["decoder_start_token_id"] = start or config["pad_token_id"] or 0
    else:
        config["max_position_embeddings"] = stored.config.positions() or MAX_POSITIONS
        config["tie_word_embeddings"] = stored.config.tie_word_embeddings
    return new_checkpoint(config, spec)
