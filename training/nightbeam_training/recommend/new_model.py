"""New models with random weights: with prompts of their own, or with those of another model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.prompt_spec import (
    PROMPT_SPEC_FILE,
    default_prompt_spec,
    read_prompt_spec,
)
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint, new_checkpoint
from nightbeam_training.model.config import new_config
from nightbeam_training.model.open_stored import open_stored


@dataclass(frozen=True)
class ModelSize:
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


def new_model(catalogue: Catalogue, size: ModelSize, *, max_items: int) -> Checkpoint:
    """A model whose vocabulary is the catalogue's codes."""
    spec = default_prompt_spec(catalogue, max_items=max_items)
    return new_checkpoint(new_config(vocabulary=spec.vocabulary, **asdict(size)), spec)


def model_like(directory: Path, size: ModelSize) -> Checkpoint:
    """A model that reads the prompts of the checkpoint in `directory`.

    Raises TrainingError BAD_CHECKPOINT.
    """
    stored = open_stored(directory)
    spec = read_prompt_spec(stored.place_of(PROMPT_SPEC_FILE))
    special = ("bos_token_id", "eos_token_id", "pad_token_id")
    config = {
        **new_config(vocabulary=stored.config.vocab_size, **asdict(size)),
        "max_position_embeddings": stored.config.positions(),
        "tie_word_embeddings": stored.config.tie_word_embeddings,
        **{name: stored.raw.get(name) for name in special},
    }
    return new_checkpoint(config, spec)
