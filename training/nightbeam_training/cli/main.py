"""The command `nightbeam-train`."""

from __future__ import annotations

import sys

import click

from nightbeam_training.cli.align import align
from nightbeam_training.cli.codes import codes
from nightbeam_training.cli.evaluate import evaluate
from nightbeam_training.cli.target import target
from nightbeam_training.cli.teacher import teacher
from nightbeam_training.errors import TrainingError


@click.group(context_settings={"max_content_width": 100})
def commands() -> None:
    """Train a target, write down what it answers, and align a draft with it."""


for command in (codes, target, teacher, align, evaluate):
    commands.add_command(command)


def main() -> None:
    """Runs the command line; bad input ends with one line and exit code 2."""
    try:
        commands()
    except TrainingError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
