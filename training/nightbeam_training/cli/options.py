"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import BaseModel, ConfigDict

from nightbeam_training.model.precision import Machine, Precision, open_machine

F = TypeVar("F", bound=Callable[..., Any])

DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_DIRECTORY = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


NOT_COMPARED = {"out", "device", "threads", "save_minutes"}
"""Options that may change when a command continues, because they do not affect the result."""


def compared(arguments: BaseModel) -> dict[str, object]:
    """The options that must be the same when a command continues, named as flags.

    Paths are resolved, so the same file may be given in different ways.
    """

    def named(value: object) -> object:
        if isinstance(value, tuple):
            return [named(each) for each in value]
        return str(value.resolve()) if isinstance(value, Path) else value

    given = arguments.model_dump(exclude=NOT_COMPARED)
    return {f"--{field.replace('_', '-')}": named(value) for field, value in given.items()}


class MachineArguments(BaseModel):
    """--device, --precision, --threads, --seed as given."""

    model_config = ConfigDict(frozen=True)
    device: str
    precision: Precision
    threads: int | None
    seed: int

    def machine(self) -> Machine:
        return open_machine(device=self.device, precision=self.precision, threads=self.threads)


def machine_options(command: F) -> F:
    """--device, --precision, --threads, --seed."""
    for option in (
        click.option(
            "--seed", type=int, default=0, show_default=True, help="Seed of all random draws."
        ),
        click.option("--threads", type=click.IntRange(1), help="CPU threads.  [default: all]"),
        click.option(
            "--precision",
            type=click.Choice(["fp32", "bf16"]),
            default="fp32",
            show_default=True,
            help="Precision of matrix products; weights and sums stay float32.",
        ),
        click.option(
            "--device",
            default="auto",
            show_default=True,
            help="cpu, cuda, cuda:N, or auto: CUDA if available.",
        ),
    ):
        command = option(command)
    return command
