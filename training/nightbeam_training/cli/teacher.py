"""`nightbeam-train teacher`: writes the target's answers, for a draft to learn from."""

from __future__ import annotations

import time
from pathlib import Path

import click

from nightbeam_training.cli.options import (
    DIRECTORY,
    FILE,
    NEW_DIRECTORY,
    MachineArguments,
    compared,
    machine_options,
)
from nightbeam_training.cli.teacher_data import note_if_unfinished
from nightbeam_training.data.augment import Kind, questions
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.histories import read_histories
from nightbeam_training.data.teacher_files import Scoring, TeacherSource, count_examples
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import checkpoint_hash, load_checkpoint, prompts_of
from nightbeam_training.teach.label import Teacher
from nightbeam_training.teach.write import WriteOptions, write_teacher_data
from nightbeam_training.train.run_options import claim_directory, finish_directory


class TeacherArguments(MachineArguments):
    target: Path
    catalogue: Path
    histories: Path
    out: Path
    ask: Kind
    copies: int
    roll: int
    beam_width: int
    scoring: Scoring
    limit: int | None
    shard_size: int
    batch_size: int


@click.command(short_help="Write the target's answers to files.")
@click.option("--target", type=DIRECTORY, required=True, help="The target's checkpoint.")
@click.option("--catalogue", type=FILE, required=True, help="LC-Rec index: item -> codes.")
@click.option("--histories", type=FILE, required=True, help='JSONL {"user": …, "history": [item]}.')
@click.option("--out", type=NEW_DIRECTORY, required=True, help="Directory for the teacher files.")
@click.option(
    "--ask",
    type=click.Choice(["whole", "last", "cut", "mix"]),
    default="last",
    show_default=True,
    help="Ask about whole histories; without their last item; cut at a random place; or the start "
    "of one mixed with the end of another.",
)
@click.option(
    "--copies",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Questions per history, for cut and mix.",
)
@click.option(
    "--roll",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Ask this many more times, each time with an item of the target's list appended.",
)
@click.option("--beam-width", type=click.IntRange(1), default=20, show_default=True)
@click.option(
    "--scoring", type=click.Choice(["full", "renormalized"]), default="full", show_default=True
)
@click.option("--limit", type=click.IntRange(1), help="Read only the first histories.")
@click.option("--shard-size", type=click.IntRange(1), default=2048, show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=64, show_default=True)
@machine_options
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
    target = load_checkpoint(arguments.target, device=machine.device, frozen=machine.freezes)
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
