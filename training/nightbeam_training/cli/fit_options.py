"""Options of the training loop, which `target` and `align` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click
from pydantic import BaseModel, ConfigDict

from nightbeam_training.train.fit import FitOptions
from nightbeam_training.train.log import read_log

F = TypeVar("F", bound=Callable[..., Any])


class FitArguments(BaseModel):
    """The options as given."""

    model_config = ConfigDict(frozen=True)
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    schedule: Literal["constant", "cosine"]
    warmup_steps: int
    patience: int
    clip: float
    save_minutes: float

    def fit(self) -> FitOptions:
        chosen = self.model_dump(include=set(FitOptions.__dataclass_fields__))
        return FitOptions(**chosen)


def report_fit(arguments: FitArguments, *, steps: int, directory: Path) -> None:
    """Prints whether the run continues an earlier one, and whether it is too short."""
    done = len(read_log(directory))
    if done > 0:
        click.echo(f"{done:,} of {arguments.epochs:,} epochs were done earlier")
    total = arguments.epochs * steps
    if arguments.warmup_steps >= total:
        click.echo(
            f"note: all {total:,} steps are within --warmup-steps {arguments.warmup_steps:,}, so "
            "the full learning rate is never reached: give fewer of them, or more --epochs",
            err=True,
        )


def fit_options(command: F) -> F:
    """--epochs, --batch-size, --learning-rate and the like."""
    for option in (
        click.option(
            "--save-minutes",
            type=click.FloatRange(0),
            default=2.0,
            show_default=True,
            help="Minutes between saves: the maximum loss in an interruption.",
        ),
        click.option(
            "--clip",
            type=click.FloatRange(0, min_open=True),
            default=1.0,
            show_default=True,
            help="Maximum norm of the gradient.",
        ),
        click.option(
            "--patience",
            type=click.IntRange(0),
            default=5,
            show_default=True,
            help="Stop after this many epochs without improvement; 0: never.",
        ),
        click.option("--warmup-steps", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--schedule",
            type=click.Choice(["constant", "cosine"]),
            default="constant",
            show_default=True,
        ),
        click.option("--weight-decay", type=click.FloatRange(0), default=0.1, show_default=True),
        click.option(
            "--learning-rate",
            type=click.FloatRange(0, min_open=True),
            default=1e-3,
            show_default=True,
        ),
        click.option("--batch-size", type=click.IntRange(1), default=256, show_default=True),
        click.option("--epochs", type=click.IntRange(1), default=20, show_default=True),
    ):
        command = option(command)
    return command
