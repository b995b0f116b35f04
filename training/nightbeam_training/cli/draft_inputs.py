"""What `nightbeam-train draft` is given, checked against each other before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.cli.options import DIRECTORY, FILE, NEW_DIRECTORY, MachineArguments
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
from nightbeam_training.model.models import without_dropout

SAMPLE = 256
"""Histories whose prompts are measured to pick a size."""


class DraftInputs(BaseModel):
    model_config = ConfigDict(frozen=True)
    target: Annotated[Path, DIRECTORY] = Field(description="The target's checkpoint.")
    catalogue: Annotated[Path, FILE] = Field(description="LC-Rec index: item -> codes.")
    histories: Annotated[Path, FILE] = Field(description='JSONL {"user": …, "history": [item]}.')
    out: Annotated[Path, NEW_DIRECTORY] = Field(description="Directory for the draft.")
    teacher_log: Annotated[tuple[Path, ...], DIRECTORY] = Field(
        (), description="Teacher log of a past night (recommend --teacher-log); may be repeated."
    )
    continue_from: Annotated[Path | None, DIRECTORY] = Field(
        None,
        description="Improve this draft. Default: make a new one.",
        json_schema_extra={"flag": "--continue"},
    )
    cost: CostName = Field(
        "h100",
        description="Where runs will happen: decides the draft's size and widths. network: a "
        "target that is 10 ms away, with the draft on a processor.",
    )
    shape: str | None = Field(
        None,
        description="Size of the draft, in place of the one that --cost picks: LAYERSxWIDTH, such "
        "as 2x96, or target:LAYERS for some of the target's own layers.",
    )
    beam_width: str = Field("10,20", description="K of the runs; several with commas.")
    nodes: int = Field(120, ge=1, description="Maximum nodes per user, over all calls.")
    scoring: Scoring | None = Field(
        None,
        description="Of the runs.",
        json_schema_extra={"derived": "that of --teacher-log, or full"},
    )
    minutes: float = Field(
        60,
        gt=0,
        description="Time for everything, about: what is asked of the target and learned is cut "
        "to fit.",
    )


class DraftArguments(MachineArguments, DraftInputs):
    """The options as given."""


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
    sizes = trie.drafted_sizes
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
    without_dropout(given.model)
    return given
