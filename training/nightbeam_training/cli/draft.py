"""`nightbeam-train draft`: a draft for a target, from histories to the widths to use."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from nightbeam_training.cli.options import (
    DIRECTORY,
    FILE,
    NEW_DIRECTORY,
    MachineArguments,
    compared,
    machine_options,
)
from nightbeam_training.cli.teacher_data import complete_teacher_files, note_if_unfinished
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import Scoring, TeacherSource, shared_source
from nightbeam_training.draft.begin import parse_shape
from nightbeam_training.draft.choose import Search, ShapeChoice, choose_shape
from nightbeam_training.draft.cost import COST_LINES, COST_NAMES, CostName
from nightbeam_training.draft.manifest import Manifest
from nightbeam_training.draft.options import DraftOptions
from nightbeam_training.draft.progress import Progress
from nightbeam_training.draft.report import plan_lines, result_lines
from nightbeam_training.draft.run import make_draft
from nightbeam_training.draft.teacher import BATCH, TEACHER_WIDTH
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    load_checkpoint,
    open_checkpoint,
    prompts_of,
    read_weights,
)
from nightbeam_training.teach.memory import Labelling, labelling_memory
from nightbeam_training.train.fit import seed_all

SAMPLE = 256
"""Histories whose prompts are measured to pick a size."""


class DraftArguments(MachineArguments):
    target: Path
    catalogue: Path
    histories: Path
    out: Path
    teacher_log: tuple[Path, ...]
    continue_from: Path | None
    cost: CostName
    shape: str | None
    beam_width: str
    nodes: int
    scoring: Scoring | None
    minutes: float


@click.command(short_help="Make a draft for a target: the one command to begin with.")
@click.option("--target", type=DIRECTORY, required=True, help="The target's checkpoint.")
@click.option("--catalogue", type=FILE, required=True, help="LC-Rec index: item -> codes.")
@click.option("--histories", type=FILE, required=True, help='JSONL {"user": …, "history": [item]}.')
@click.option("--out", type=NEW_DIRECTORY, required=True, help="Directory for the draft.")
@click.option(
    "--teacher-log",
    type=DIRECTORY,
    multiple=True,
    help="Teacher log of a past night (recommend --teacher-log); may be repeated.",
)
@click.option(
    "--continue",
    "continue_from",
    type=DIRECTORY,
    help="Improve this draft. Default: make a new one.",
)
@click.option(
    "--cost",
    type=click.Choice(COST_NAMES),
    default="h100",
    show_default=True,
    help="Where runs will happen: decides the draft's size and widths. network: a target that is "
    "10 ms away, with the draft on a processor.",
)
@click.option(
    "--shape",
    help="Size of the draft, in place of the one that --cost picks: LAYERSxWIDTH, such as 2x96, or "
    "target:LAYERS for some of the target's own layers.",
)
@click.option(
    "--beam-width", default="10,20", show_default=True, help="K of the runs; several with commas."
)
@click.option(
    "--nodes",
    type=click.IntRange(1),
    default=120,
    show_default=True,
    help="Most nodes per user that the draft widths may cost.",
)
@click.option(
    "--scoring",
    type=click.Choice(["full", "renormalized"]),
    help="Of the runs.  [default: that of --teacher-log, or full]",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="Time for everything, about: what is asked of the target and learned is cut to fit.",
)
@machine_options
def draft(**given: object) -> None:
    """Make a draft for a target, and choose its widths.

    Trains an initial draft, asks the target about histories (whole, cut and mixed ones), aligns the
    draft with the answers until calls per user no longer fall, and ends with the `nightbeam
    recommend` line to type. Run it again after an interruption and it continues.
    """
    arguments = DraftArguments.model_validate(given)
    seed_all(arguments.seed)
    progress = Progress(click.echo)
    click.echo(f"Reading {arguments.target}, {arguments.catalogue}, {arguments.histories}")
    catalogue = read_catalogue(arguments.catalogue)
    note_if_unfinished(arguments.target)
    machine = arguments.machine()
    target, stored = open_checkpoint(arguments.target)
    prompts = prompts_of(target, catalogue, arguments.target)
    histories = _usable_histories(arguments, prompts)
    logs = complete_teacher_files(arguments.teacher_log) if arguments.teacher_log else []
    source = _source(arguments, logs, catalogue)
    searched = prompts.searched(source.scoring)
    beam_widths = _beam_widths(arguments, searched.catalogue)
    line = labelling_memory(
        stored,
        list(zip(histories.items, histories.texts, strict=True)),
        prompts=prompts,
        labelling=Labelling(TEACHER_WIDTH * max(beam_widths), BATCH),
        machine=machine,
        remedy="give --precision bf16",
    )
    if line is not None:
        click.echo(line)
    read_weights(target, stored, device=machine.device, frozen=machine.freezes)
    choice = _shape(arguments, target, searched, histories, max(beam_widths))
    options = DraftOptions(
        target=target,
        target_directory=arguments.target,
        prompts=prompts,
        source=source,
        histories=histories,
        out=arguments.out,
        teacher_logs=logs,
        draft=_continued(arguments, prompts),
        shape=choice.shape,
        line=COST_LINES[arguments.cost],
        beam_widths=beam_widths,
        nodes=arguments.nodes,
        minutes=arguments.minutes,
        seed=arguments.seed,
        machine=machine,
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    given_options = compared(arguments)
    given_options["--continue"] = given_options.pop("--continue-from")
    manifest = Manifest(
        arguments.out,
        {
            **given_options,
            "target": source.target,
            "catalogue": source.catalogue,
            "users": len(histories.users),
            "teacher log files": len(logs),
            "continues": arguments.continue_from and checkpoint_hash(arguments.continue_from),
        },
    )
    for line in plan_lines(options, choice):
        click.echo(line)
    result = make_draft(options, manifest, progress)
    places = {name: getattr(arguments, name) for name in ("target", "catalogue", "histories")}
    for line in result_lines(result, options, places):
        click.echo(line)


def _usable_histories(arguments: DraftArguments, prompts: Prompts) -> Histories:
    """Of users with items whose prompts the target can take."""
    read = read_histories(arguments.histories, prompts.catalogue, columns=prompts.spec.columns)
    usable = read.where(
        lambda items, texts: len(items) > 0 and prompts.fits(prompts.encode(items, texts))
    )
    if len(usable.users) < 2:
        raise TrainingError(
            "BAD_HISTORIES",
            f"{arguments.histories}: {len(usable.users)} users with items and a prompt that the "
            "target can take: a draft learns from some users and is measured on others",
        )
    return usable


def _beam_widths(arguments: DraftArguments, catalogue: Catalogue) -> tuple[int, ...]:
    words = arguments.beam_width.split(",")
    if not all(word.strip().isdecimal() and int(word) > 0 for word in words):
        raise TrainingError(
            "BAD_OPTION", f"--beam-width {arguments.beam_width}: give numbers, such as 10,20"
        )
    widths = tuple(sorted({int(word) for word in words}))
    trie = catalogue.trie
    sizes = np.diff(trie.level_start)[1 : trie.levels]
    least = int(np.minimum(widths[-1], sizes).sum())
    if arguments.nodes < least:
        raise TrainingError(
            "BAD_OPTION",
            f"--nodes {arguments.nodes}: plain search already asks for {least} nodes at K = "
            f"{widths[-1]}, and a draft has to send more: give more, or a smaller --beam-width",
        )
    return widths


def _source(arguments: DraftArguments, logs: list[Path], catalogue: Catalogue) -> TeacherSource:
    own = TeacherSource(
        target=checkpoint_hash(arguments.target),
        catalogue=catalogue.hash,
        scoring=arguments.scoring or "full",
        levels=catalogue.trie.levels,
    )
    if not logs:
        return own
    logged = shared_source(logs, catalogue)
    if logged.target != own.target:
        raise TrainingError(
            "BAD_TEACHER_DATA",
            f"{logs[0]}: is the log of another target ({logged.target[:12]}) than --target "
            f"{arguments.target} ({own.target[:12]}): leave it out",
        )
    if arguments.scoring not in (None, logged.scoring):
        raise TrainingError(
            "BAD_TEACHER_DATA",
            f"{logs[0]}: is of {logged.scoring} scoring, and --scoring is {arguments.scoring}: "
            "leave out one of them",
        )
    return logged


def _shape(
    arguments: DraftArguments,
    target: Checkpoint,
    prompts: Prompts,
    histories: Histories,
    beam_width: int,
) -> ShapeChoice:
    users = range(0, len(histories.users), max(1, len(histories.users) // SAMPLE))
    lengths = [len(prompts.encode(histories.items[user], histories.texts[user])) for user in users]
    search = Search(
        beam_width=beam_width,
        levels=prompts.catalogue.trie.levels,
        nodes=arguments.nodes,
        prompt=float(np.mean(lengths)),
    )
    given = None if arguments.shape is None else parse_shape(arguments.shape, target)
    return choose_shape(target, COST_LINES[arguments.cost], search, given=given)


def _continued(arguments: DraftArguments, prompts: Prompts) -> Checkpoint | None:
    place = arguments.continue_from
    if place is None:
        return None
    if arguments.shape is not None:
        raise TrainingError(
            "BAD_OPTION", f"--shape {arguments.shape}: the draft of --continue has its own size"
        )
    given = load_checkpoint(place)
    own = prompts_of(given, prompts.catalogue, place)
    if given.prompt != prompts.spec or not np.array_equal(own.tokens.table, prompts.tokens.table):
        raise TrainingError(
            "BAD_CHECKPOINT",
            f"{place}: reads other prompts than --target {arguments.target}: give a draft that was "
            "made for this target",
        )
    return given
