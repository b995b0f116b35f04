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
"""Options that may differ when a command continues: none changes what comes out."""


def compared(arguments: BaseModel) -> dict[str, object]:
    """The options that must be the same when a command continues, as they are typed.

    The same file is the same however its path was given.
    """

    def named(value: object) -> object:
        if isinstance(value, tuple):
            return [named(each) for each in value]
        return str(value.resolve()) if isinstance(value, Path) else value

    given = arguments.model_dump(exclude=NOT_COMPARED)
    return {f"--{field.replace('_', '-')}": named(value) for field, value in given.items()}


class MachineArguments(BaseModel):
    """--device, --precision, --threads, --seed as they were given."""

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
        click.option("--seed", type=int, default=0, show_default=True, help="Decides every draw."),
        click.option(
            "--threads", type=click.IntRange(1), help="Processor threads.  [default: all]"
        ),
        click.option(
            "--precision",
            type=click.Choice(["fp32", "bf16"]),
            default="fp32",
            show_default=True,
            help="Of the products; weights and sums stay float32.",
        ),
        click.option(
            "--device",
            default="auto",
            show_default=True,
            help="cpu, cuda, cuda:N, or auto: CUDA where there is one.",
        ),
    ):
        command = option(command)
    return command
