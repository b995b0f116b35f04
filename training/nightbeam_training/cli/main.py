"""The command `nightbeam-train`."""

from __future__ import annotations

import sys

import click
import torch

from nightbeam_training.cli.align import align
from nightbeam_training.cli.codes import codes
from nightbeam_training.cli.draft import draft
from nightbeam_training.cli.evaluate import evaluate
from nightbeam_training.cli.recall import recall
from nightbeam_training.cli.target import target
from nightbeam_training.cli.teacher import teacher
from nightbeam_training.errors import TrainingError


@click.group(context_settings={"max_content_width": 100}, invoke_without_command=True)
@click.pass_context
def commands(context: click.Context) -> None:
    """Train a target, write its answers to files, and align a draft with it."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (draft, codes, target, recall, teacher, align, evaluate):
    commands.add_command(command)


def main() -> None:
    """Runs the command line; bad input ends with one line and exit code 2, Ctrl-C with 130."""
    try:
        sys.exit(commands(prog_name="nightbeam-train", standalone_mode=False))
    except TrainingError as error:
        _end(f"error: {error}", 2)
    except click.ClickException as error:
        _end(f"error: {' '.join(error.format_message().split())}{_help_hint(error)}", 2)
    except click.Abort as error:
        # click raises this for Ctrl-C, and for a file that ends too early.
        if isinstance(error.__cause__, EOFError):
            _end(f"error: an input file is empty or truncated: {error.__cause__}", 2)
        _end("stopped: run the same command again to continue", 130)
    except torch.OutOfMemoryError as error:
        why = str(error).partition(". ")[0]
        remedy = "give a smaller --batch-size and a new --out"
        _end(f"error: the GPU has too little memory: {why}: {remedy}", 2)
    except OSError as error:
        place = error.filename or error.filename2
        _end(f"error: {place}: {error.strerror}" if place else f"error: {error}", 2)


def _help_hint(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return ""
    return f" {error.ctx.command_path} --help lists the options."


def _end(line: str, code: int) -> None:
    click.echo(line, err=True)
    sys.exit(code)
