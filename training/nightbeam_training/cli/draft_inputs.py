"""What `nightbeam-train draft` is given, checked against each other before anything is made."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nightbeam_training.cli.options import MachineArguments
from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import Scoring, TeacherSource, shared_source
from nightbeam_training.draft.begin import parse_shape
from nightbeam_training.draft.choose import Search, ShapeChoice, choose_shape
from nightbeam_training.draft.cost import COST_LINES, CostName
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    checkpoint_hash,
    load_checkpoint,
    prompts_of,
)

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


def usable_histories(arguments: DraftArguments, prompts: Prompts) -> Histories:
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


def beam_widths_of(arguments: DraftArguments, catalogue: Catalogue) -> tuple[int, ...]:
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


def source_of(arguments: DraftArguments, logs: list[Path], catalogue: Catalogue) -> TeacherSource:
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


def chosen_shape(
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


def draft_to_continue(arguments: DraftArguments, prompts: Prompts) -> Checkpoint | None:
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
