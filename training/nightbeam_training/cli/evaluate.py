"""`nightbeam-train evaluate`: accepted steps and calls of drafts, offline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated

import click
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.align.accept import Acceptance, Evaluator
from nightbeam_training.cli.options import (
    DIRECTORY,
    FILE,
    MachineArguments,
    options_of,
    positive_numbers,
)
from nightbeam_training.cli.teacher_data import (
    check_prompts,
    complete_teacher_files,
    note_if_unfinished,
    note_on_width,
)
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import Scoring, shared_source
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint, load_checkpoint, prompts_of
from nightbeam_training.model.heads import searched_prompts

LEGEND = """
accepted: drafted steps of the first call that the target accepts. calls, nodes: per user, until
the list is complete, without the root."""


class EvaluateInputs(BaseModel):
    model_config = ConfigDict(frozen=True)
    draft: Annotated[tuple[Path, ...], DIRECTORY] = Field(description="May be repeated.")
    teacher: Annotated[tuple[Path, ...], DIRECTORY] = Field(
        description="Teacher data of users that the drafts were not trained on; may be repeated."
    )
    catalogue: Annotated[Path, FILE] = Field(description="LC-Rec index: item -> codes.")
    beam_width: str = Field("1,3,5,10,20", description="K; several with commas.")
    draft_width: str = Field(
        "40",
        description="N: one for all levels, or one per level with slashes (60/40/30); several "
        "with commas.",
    )
    limit: int | None = Field(None, ge=1, description="Use only the first users.")


class EvaluateArguments(MachineArguments, EvaluateInputs):
    def beam_widths(self) -> list[int]:
        return positive_numbers("--beam-width", self.beam_width, ",")

    def draft_widths(self, *, steps: int) -> list[_DraftWidth]:
        """Raises BAD_OPTION unless each is one number or one per drafted step, at least K."""
        most = max(self.beam_widths())
        given = [_DraftWidth.read(word, steps) for word in self.draft_width.split(",")]
        if len(given) == steps and all(len(set(width.levels)) == 1 for width in given):
            slashes = self.draft_width.replace(",", "/")
            click.echo(
                f"note: --draft-width {self.draft_width} is {steps} widths for all levels; one "
                f"width per level is {slashes}",
                err=True,
            )
        for width in given:
            if min(width.levels) < most:
                raise TrainingError(
                    "BAD_OPTION",
                    f"--draft-width {min(width.levels)} is below --beam-width {most}: the target's "
                    "search needs that many: give more, or a smaller --beam-width",
                )
        return given


@dataclass(frozen=True)
class _DraftWidth:
    given: str
    levels: list[int]
    """N of every drafted step."""

    @classmethod
    def read(cls, word: str, steps: int) -> _DraftWidth:
        levels = positive_numbers("--draft-width", word, "/")
        given = "/".join(map(str, levels))
        if len(levels) not in (1, steps):
            raise TrainingError(
                "BAD_OPTION", f"--draft-width {given}: give one number, or {steps} with slashes"
            )
        return cls(given, levels * steps if len(levels) == 1 else levels)


@click.command(short_help="Measure the calls per user that a draft would need.")
@options_of(EvaluateArguments)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of a table.")
def evaluate(as_json: bool, **given: object) -> None:
    """Measure the drafted steps that the target would accept, and the calls per user.

    Uses only teacher data, not the target. `nightbeam bench` measures the same with the target
    itself.
    """
    arguments = EvaluateArguments.model_validate(given)
    machine = arguments.machine()
    catalogue = read_catalogue(arguments.catalogue)
    files = complete_teacher_files(arguments.teacher)
    source = shared_source(files, catalogue)
    drafts = [(path, *_draft(path, catalogue, source.scoring)) for path in arguments.draft]
    trie = drafts[0][2].catalogue.trie
    pool = TeacherPool(files, trie, machine.device)
    for path, _, prompts in drafts:
        check_prompts(prompts, pool, path)
        if prompts.catalogue.trie.levels != trie.levels:
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{path}: searches {prompts.catalogue.trie.levels} levels, {arguments.draft[0]} "
                f"{trie.levels} (end in nightbeam.json): evaluate them one by one",
            )
    users = np.arange(len(pool))[: arguments.limit]
    beam_widths = arguments.beam_widths()
    draft_widths = arguments.draft_widths(steps=trie.levels - 1)
    note_on_width(pool, trie, max(beam_widths))
    column = max(len("draft"), *(len(str(path)) for path in arguments.draft))
    if not as_json:
        click.echo(f"{len(users):,} users, {source.scoring} scoring")
        click.echo(
            f"{'draft':{column}}  {'K':>3}  {'N':>11}  {'accepted':>8}  {'calls':>6}  {'nodes':>7}"
        )
    for path, draft, prompts in drafts:
        evaluator = Evaluator(
            draft, trie=pool.trie, tokens=prompts.tokens, machine=machine, scoring=source.scoring
        )
        for draft_width, beam_width in product(draft_widths, beam_widths):
            total = evaluator.over(
                pool, users, beam_width=beam_width, draft_widths=draft_width.levels
            )
            row = _Row(path, beam_width, draft_width.given, total)
            click.echo(row.json() if as_json else row.line(column))
    if not as_json:
        click.echo(LEGEND)


@dataclass(frozen=True)
class _Row:
    draft: Path
    beam_width: int
    draft_width: str
    total: Acceptance

    @property
    def accepted(self) -> float:
        return self.total.accepted_steps / self.total.users

    @property
    def calls(self) -> float:
        return self.total.calls / self.total.users

    @property
    def nodes(self) -> float:
        return self.total.nodes / self.total.users

    def json(self) -> str:
        named = {"beamWidth": self.beam_width, "draftWidth": self.draft_width}
        figures = {"acceptedSteps": self.accepted, "calls": self.calls, "nodes": self.nodes}
        return json.dumps({"draft": str(self.draft), **named, **figures})

    def line(self, column: int) -> str:
        return (
            f"{self.draft!s:{column}}  {self.beam_width:3}  {self.draft_width:>11}  "
            f"{self.accepted:8.2f}  {self.calls:6.2f}  {self.nodes:7.1f}"
        )


def _draft(path: Path, catalogue: Catalogue, scoring: Scoring) -> tuple[Checkpoint, Prompts]:
    note_if_unfinished(path)
    draft = load_checkpoint(path, heads=True)
    return draft, searched_prompts(draft, prompts_of(draft, catalogue, path), scoring)
