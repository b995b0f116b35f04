"""Options of the training loop, which `target` and `align` share."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click
from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.train.fit import FitOptions
from nightbeam_training.train.log import read_log


class FitArguments(BaseModel):
    """The options as given; the defaults are the published settings of AtSpeed."""

    model_config = ConfigDict(frozen=True)
    epochs: int = Field(20, ge=1, description="Maximum epochs.")
    batch_size: int = Field(256, ge=1, description="Examples per batch.")
    accumulate: int = Field(
        1,
        ge=1,
        description="Batches per step, one after the other: for steps that are too large for the "
        "memory.",
    )
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.1, ge=0)
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="Learning rate after the warm-up: constant, or falling to zero."
    )
    warmup_steps: int = Field(100, ge=0, description="Steps in which the learning rate grows.")
    patience: int = Field(
        5, ge=0, description="Stop after this many epochs without improvement; 0: never."
    )
    clip: float = Field(1.0, gt=0, description="Maximum norm of the gradient.")
    save_minutes: float = Field(
        2.0, ge=0, description="Minutes between saves: the maximum loss in an interruption."
    )

    def fit(self) -> FitOptions:
        chosen = self.model_dump(include=set(FitOptions.__dataclass_fields__))
        return FitOptions(**chosen)


def report_fit(arguments: FitArguments, *, steps: int, directory: Path) -> None:
    """Prints whether the run continues an earlier one, and whether it is too short.

    steps: batches per epoch.
    """
    done = len(read_log(directory))
    if done > 0:
        click.echo(f"{done:,} of {arguments.epochs:,} epochs were done earlier")
    total = arguments.epochs * -(-steps // arguments.accumulate)
    if arguments.warmup_steps >= total:
        click.echo(
            f"note: all {total:,} steps are within --warmup-steps {arguments.warmup_steps:,}, so "
            "the full learning rate is never reached: give fewer of them, or more --epochs",
            err=True,
        )
