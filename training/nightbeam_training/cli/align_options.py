"""Options of `nightbeam-train align`, which of them contradict each other, and which do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
from click.core import ParameterSource
from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.align.options import AlignOptions, Over
from nightbeam_training.cli.fit_options import FitArguments
from nightbeam_training.cli.options import DIRECTORY, FILE, NEW_DIRECTORY, MachineArguments
from nightbeam_training.data.teacher_files import TeacherSource
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.errors import TrainingError


class AlignFiles(BaseModel):
    model_config = ConfigDict(frozen=True)
    draft: Annotated[Path, DIRECTORY] = Field(description="Checkpoint that training starts from.")
    teacher: Annotated[tuple[Path, ...], DIRECTORY] = Field(
        description="Teacher data; may be repeated."
    )
    catalogue: Annotated[Path, FILE] = Field(description="LC-Rec index: item -> codes.")
    out: Annotated[Path, NEW_DIRECTORY] = Field(description="Directory for the aligned draft.")
    target: Annotated[Path | None, DIRECTORY] = Field(
        None, description="The target, to score the draft's own beams."
    )


class AlignArguments(MachineArguments, FitArguments, AlignOptions, AlignFiles):
    """The options as given, with `over` derived from the teacher data if it was not."""


_OVER: dict[Over, str] = {
    "valid": "valid codes alone (--over valid)",
    "vocabulary": "valid codes and the rest of the vocabulary (--over vocabulary)",
}


def note_on_unused(arguments: AlignArguments) -> None:
    """Prints what distributions are over, and to stderr which given options change nothing."""
    click.echo(f"Distributions over the {_OVER[arguments.over]}")
    if arguments.target is not None and arguments.mixture == 0:
        click.echo("note: --target changes nothing without --mixture", err=True)
    context = click.get_current_context()
    for name in sorted(arguments.unused()):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = f"--{name.replace('_', '-')}"
            click.echo(
                f"note: {flag} changes nothing with --objective {arguments.objective} and --alpha "
                f"{arguments.alpha:g}",
                err=True,
            )


def of_answers(arguments: AlignArguments) -> AlignArguments:
    """The options for a draft that predicts nothing of a prompt, an encoder-decoder.

    Raises TrainingError BAD_OPTION if a term on prompts was asked for.
    """
    if not arguments.uses_prompt:
        return arguments
    context = click.get_current_context()
    if context.get_parameter_source("rec_scope") is ParameterSource.COMMANDLINE:
        raise TrainingError(
            "BAD_OPTION",
            "--rec-scope all needs a decoder, which predicts its prompts too; the draft is a T5: "
            "give --rec-scope answer",
        )
    click.echo(
        "note: the draft is a T5, which predicts answers alone: --rec-scope answer", err=True
    )
    return arguments.model_copy(update={"rec_scope": "answer"})


def check(arguments: AlignArguments, pool: TeacherPool, source: TeacherSource) -> None:
    """Raises TrainingError BAD_OPTION or BAD_TEACHER_DATA, with what to give instead."""
    if arguments.mixture > 0 and arguments.objective == "heads":
        raise TrainingError(
            "BAD_OPTION", "--mixture needs an objective on beams, not --objective heads"
        )
    if arguments.mixture > 0 and arguments.target is None:
        raise TrainingError(
            "BAD_OPTION", "--mixture needs --target, which scores the draft's beams"
        )
    if arguments.draft_width < arguments.beam_width:
        raise TrainingError(
            "BAD_OPTION",
            f"--draft-width {arguments.draft_width} is below --beam-width {arguments.beam_width}: "
            "a smaller draft accepts no step",
        )
    if arguments.over == "vocabulary" and source.scoring != "full":
        raise TrainingError(
            "BAD_OPTION",
            f"--over vocabulary needs teacher data of full scoring, not {source.scoring}",
        )
    tempers_logits = arguments.temperature != 1 and not arguments.softmax_of_probabilities
    if arguments.over == "vocabulary" and tempers_logits:
        raise TrainingError(
            "BAD_OPTION",
            "--temperature needs --over valid: the teacher data does not have the target's logits "
            "of the rest of the vocabulary",
        )
    if len(pool) <= arguments.validation:
        raise TrainingError(
            "BAD_TEACHER_DATA",
            f"{len(pool):,} examples are too few to hold back {arguments.validation:,}: "
            "write more, or give a smaller --validation",
        )
    if arguments.uses_truth and not (pool.truth >= 0).any():
        raise TrainingError(
            "BAD_TEACHER_DATA",
            "the teacher data does not have the users' next items (a run's log, --ask whole and "
            "--ask mix do not): give --alpha 1 or --rec-scope all with an objective on the "
            "target's beams, or add data that does",
        )
