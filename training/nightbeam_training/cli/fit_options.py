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
    """As they were given."""

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


def tell_of_fit(arguments: FitArguments, *, steps: int, directory: Path) -> None:
    """Says where a run is continued, and where it is too short to be any good."""
    done = len(read_log(directory))
    if done > 0:
        click.echo(f"{done:,} of {arguments.epochs:,} epochs were done before")
    total = arguments.epochs * steps
    if arguments.warmup_steps >= total:
        click.echo(
            f"note: all {total:,} steps are within --warmup-steps {arguments.warmup_steps:,}, so "
            "the full learning rate is never reached: give fewer, or more --epochs",
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
            help="Minutes of work that an interruption may cost.",
        ),
        click.option(
            "--clip",
            type=click.FloatRange(0, min_open=True),
            default=1.0,
            show_default=True,
            help="Gradient norm.",
        ),
        click.option(
            "--patience",
            type=click.IntRange(0),
            default=5,
            show_default=True,
            help="Stop after so many epochs that were no better; 0: never.",
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
