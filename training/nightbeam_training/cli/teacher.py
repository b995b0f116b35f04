"""`nightbeam-train teacher`: writes the target's answers, for a draft to learn from."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import click
from pydantic import BaseModel, Field

from nightbeam_training.cli.options import (
    DIRECTORY,
    FILE,
    NEW_DIRECTORY,
    MachineArguments,
    compared,
    options_of,
)
from nightbeam_training.cli.teacher_data import note_if_unfinished
from nightbeam_training.data.augment import Kind, questions
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.teacher_files import Scoring, TeacherSource, count_examples
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    checkpoint_hash,
    open_checkpoint,
    prompts_of,
    read_weights,
)
from nightbeam_training.teach.label import Teacher
from nightbeam_training.teach.memory import Labelling, labelling_memory
from nightbeam_training.teach.write import BATCH_TOKENS, WriteOptions, write_teacher_data
from nightbeam_training.train.run_options import claim_directory, finish_directory

REMEDY = "give --precision bf16, or a smaller --batch-size or --batch-tokens"


class TeacherOptions(BaseModel):
    target: Annotated[Path, DIRECTORY] = Field(description="The target's checkpoint.")
    catalogue: Annotated[Path, FILE] = Field(description="LC-Rec index: item -> codes.")
    histories: Annotated[Path, FILE] = Field(description='JSONL {"user": …, "history": [item]}.')
    out: Annotated[Path, NEW_DIRECTORY] = Field(description="Directory for the teacher files.")
    ask: Kind = Field(
        "last",
        description="Ask about whole histories; without their last item; cut at a random place; or "
        "the start of one mixed with the end of another.",
    )
    copies: int = Field(1, ge=1, description="Questions per history, for cut and mix.")
    roll: int = Field(
        0,
        ge=0,
        description="Ask this many more times, each time with an item of the target's list "
        "appended.",
    )
    beam_width: int = Field(20, ge=1)
    scoring: Scoring = "full"
    limit: int | None = Field(None, ge=1, description="Read only the first histories.")
    shard_size: int = Field(2048, ge=1, description="Histories per file.")
    batch_size: int = Field(64, ge=1, description="Maximum histories that are asked about at once.")
    batch_tokens: int = Field(
        BATCH_TOKENS, ge=1, description="Maximum tokens of their prompts, padding included."
    )


class TeacherArguments(MachineArguments, TeacherOptions):
    """The options as given."""


@click.command(short_help="Write the target's answers to files.")
@options_of(TeacherArguments)
def teacher(**given: object) -> None:
    """Write the target's best beams and its log-probabilities over the valid codes.

    Run it again after an interruption and it writes the shards that are missing.
    """
    arguments = TeacherArguments.model_validate(given)
    if arguments.copies > 1 and arguments.ask in ("whole", "last"):
        raise TrainingError(
            "BAD_OPTION",
            f"--copies {arguments.copies} needs --ask cut or mix: every copy of --ask "
            f"{arguments.ask} would be the same",
        )
    machine = arguments.machine()
    catalogue = read_catalogue(arguments.catalogue)
    note_if_unfinished(arguments.target)
    target, stored = open_checkpoint(arguments.target)
    prompts = prompts_of(target, catalogue, arguments.target)
    histories = read_histories(
        arguments.histories, catalogue, arguments.limit, columns=target.prompt.columns
    )
    asked = list(
        questions(
            histories.items,
            kind=arguments.ask,
            copies=arguments.copies,
            seed=arguments.seed,
            texts=histories.texts,
        )
    )
    if not asked:
        raise TrainingError(
            "BAD_HISTORIES",
            f"{arguments.histories}: no history is long enough to ask about: last and cut need two "
            "items, whole and mix one",
        )
    source = TeacherSource(
        target=checkpoint_hash(arguments.target),
        catalogue=catalogue.hash,
        scoring=arguments.scoring,
        levels=catalogue.trie.levels,
    )
    line = labelling_memory(
        stored,
        [(each.history, each.texts) for each in asked],
        prompts=prompts,
        labelling=Labelling(
            arguments.beam_width, arguments.batch_size, batch_tokens=arguments.batch_tokens
        ),
        machine=machine,
        remedy=REMEDY,
    )
    if line is not None:
        click.echo(line)
    claim_directory(
        arguments.out,
        "teacher.json",
        {
            **compared(arguments),
            "questions": len(asked),
            "target": source.target,
            "catalogue": source.catalogue,
        },
    )
    click.echo(
        f"Asking the target about {len(asked):,} histories ({arguments.ask}), "
        f"beam width {arguments.beam_width}, on {machine.device} in {machine.precision}"
    )
    if before := len(_files(arguments.out)):
        click.echo(f"{before:,} of {-(-len(asked) // arguments.shard_size):,} files exist already")
    read_weights(target, stored, device=machine.device, frozen=machine.freezes)
    too_long = write_teacher_data(
        arguments.out,
        asked,
        teacher=Teacher(target, prompts, machine=machine, scoring=arguments.scoring),
        catalogue=catalogue,
        source=source,
        options=WriteOptions(
            beam_width=arguments.beam_width,
            shard_size=arguments.shard_size,
            batch_size=arguments.batch_size,
            batch_tokens=arguments.batch_tokens,
            roll=arguments.roll,
            seed=arguments.seed,
        ),
        progress=_Progress(every_seconds=5.0),
    )
    finish_directory(arguments.out, "teacher.json")
    if too_long:
        click.echo(
            f"note: {too_long:,} prompts of more than {prompts.max_tokens:,} tokens do not fit "
            "into the target and were left out, as in a run: see maxItems in its nightbeam.json",
            err=True,
        )
    files = _files(arguments.out)
    size = sum(path.stat().st_size for path in files)
    examples = sum(map(count_examples, files))
    click.echo(f"{examples:,} examples in {arguments.out} ({size / 1e6:,.1f} MB)")


class _Progress:
    """Prints how far the command is, its rate, and the time left."""

    def __init__(self, *, every_seconds: float) -> None:
        self._every = every_seconds
        self._begun = self._printed = time.monotonic()
        self._first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._first is None:
            # What was answered before does not count, and the first batch is slow.
            self._first, self._begun = done, now
        elif now - self._printed >= self._every or done == total:
            rate = (done - self._first) / max(now - self._begun, 1e-9)
            left = (total - done) / max(rate, 1e-9)
            click.echo(f"  {done:,} of {total:,}   {rate:,.1f} histories/s, {left:,.0f} s left")
            self._printed = now


def _files(out: Path) -> list[Path]:
    """Files that this command wrote: a run's teacher log may be in the same directory."""
    return list(out.glob("teacher-*.safetensors"))
