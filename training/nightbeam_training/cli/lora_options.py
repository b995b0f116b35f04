"""Options of `target` for models that are too large to train as a whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import BaseModel, ConfigDict

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.adapter import ADAPTER_CONFIG
from nightbeam_training.model.lora import LoraOptions

F = TypeVar("F", bound=Callable[..., Any])


class LoraArguments(BaseModel):
    """--lora-rank and the options that need it, --gradient-checkpointing."""

    model_config = ConfigDict(frozen=True)
    begin_with: Path | None
    lora_rank: int | None
    lora_alpha: float | None
    lora_embeddings: bool
    save_merged: bool
    gradient_checkpointing: bool

    def lora(self) -> LoraOptions | None:
        """None without --lora-rank. Raises TrainingError BAD_OPTION, naming the option."""
        if self.lora_rank is None:
            for flag, given in (
                ("--lora-alpha", self.lora_alpha is not None),
                ("--lora-embeddings", self.lora_embeddings),
                ("--save-merged", self.save_merged),
            ):
                if given:
                    raise TrainingError("BAD_OPTION", f"{flag} changes nothing without --lora-rank")
            return None
        if self.begin_with is None:
            raise TrainingError(
                "BAD_OPTION", "--lora-rank trains beside the weights of --begin-with: give that too"
            )
        if (self.begin_with / ADAPTER_CONFIG).exists():
            raise TrainingError(
                "BAD_OPTION",
                f"--begin-with {self.begin_with} is an adapter itself; merge it first: "
                f"nightbeam convert --model {self.begin_with} --out DIR",
            )
        alpha = 2.0 * self.lora_rank if self.lora_alpha is None else self.lora_alpha
        return LoraOptions(self.lora_rank, alpha, embeddings=self.lora_embeddings)


def lora_options(command: F) -> F:
    """--lora-rank and the options that need it, --gradient-checkpointing."""
    for option in (
        click.option(
            "--gradient-checkpointing",
            is_flag=True,
            help="Keep only the layers' inputs for the backward pass, and compute the rest again: "
            "about a third slower, with a fraction of the memory.",
        ),
        click.option(
            "--save-merged",
            is_flag=True,
            help="Also write the model with the adapter merged, to OUT/merged.",
        ),
        click.option(
            "--lora-embeddings",
            is_flag=True,
            help="Also train the embeddings and the output layer, as for new code tokens.",
        ),
        click.option(
            "--lora-alpha",
            type=click.FloatRange(0, min_open=True),
            help="Weight of the adapter: alpha / rank.  [default: twice the rank]",
        ),
        click.option(
            "--lora-rank",
            type=click.IntRange(1),
            help="Train a LoRA adapter of this rank on all layers of --begin-with, and write it "
            "as peft does. Default: train all weights.",
        ),
    ):
        command = option(command)
    return command
