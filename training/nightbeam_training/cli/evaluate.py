"""`nightbeam-train evaluate`: accepted steps and calls of drafts, offline."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from nightbeam_training.align.accept import Acceptance, Evaluator
from nightbeam_training.cli.options import DIRECTORY, FILE, MachineArguments, machine_options
from nightbeam_training.cli.teacher_data import (
    check_prompts,
    complete_teacher_files,
    note_if_unfinished,
    note_on_width,
)
from nightbeam_training.data.catalogue import Catalogue, read_catalogue
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import shared_source
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import Checkpoint, load_checkpoint, prompts_of

BATCH = 64
LEGEND = """
accepted: drafted steps of the first call that the target accepts. calls, nodes: per user, until
the list is complete, without the root."""


class EvaluateArguments(MachineArguments):
    draft: tuple[Path, ...]
    teacher: tuple[Path, ...]
    catalogue: Path
    beam_width: str
    draft_width: str
    limit: int | None
    json_out: bool


@click.command(short_help="Measure the calls per user that a draft would need.")
@click.option("--draft", type=DIRECTORY, required=True, multiple=True, help="May be repeated.")
@click.option(
    "--teacher",
    type=DIRECTORY,
    required=True,
    multiple=True,
    help="Teacher data of users that the drafts were not trained on; may be repeated.",
)
@click.option("--catalogue", type=FILE, required=True, help="LC-Rec index: item -> codes.")
@click.option(
    "--beam-width", default="1,3,5,10,20", show_default=True, help="K; several with commas."
)
@click.option(
    "--draft-width",
    default="40",
    show_default=True,
    help="N: one for all levels, or one per level with slashes (60/40/30); several with commas.",
)
@click.option("--limit", type=click.IntRange(1), help="Use only the first users.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON lines instead of a table.")
@machine_options
def evaluate(**given: object) -> None:
    """Measure the drafted steps that the target would accept, and the calls per user.

    Uses only teacher data, not the target. `nightbeam bench` measures the same with the target
    itself.
    """
    arguments = EvaluateArguments.model_validate(given)
    machine = arguments.machine()
    catalogue = read_catalogue(arguments.catalogue)
    files = complete_teacher_files(arguments.teacher)
    source = shared_source(files, catalogue)
    pool = TeacherPool(files, catalogue.trie, machine.device)
    users = np.arange(len(pool))[: arguments.limit]
    widths = _numbers("--beam-width", arguments.beam_width.split(","))
    drafted = [
        _numbers("--draft-width", word.split("/")) for word in arguments.draft_width.split(",")
    ]
    steps = catalogue.trie.levels - 1
    for each in drafted:
        if len(each) not in (1, steps):
            raise TrainingError(
                "BAD_OPTION",
                f"--draft-width {_format_widths(each)}: give one number, or {steps} with slashes",
            )
        if min(each) < max(widths):
            raise TrainingError(
                "BAD_OPTION",
                f"--draft-width {min(each)} is below --beam-width {max(widths)}: the target's "
                "search needs that many: give more, or a smaller --beam-width",
            )
    drafts = [(path, *_draft(path, pool, catalogue)) for path in arguments.draft]
    note_on_width(pool, catalogue.trie, max(widths))
    column = max(len("draft"), *(len(str(path)) for path in arguments.draft))
    if not arguments.json_out:
        click.echo(f"{len(users):,} users, {source.scoring} scoring")
        click.echo(
            f"{'draft':{column}}  {'K':>3}  {'N':>11}  {'accepted':>8}  {'calls':>6}  {'nodes':>7}"
        )
    for path, draft, prompts in drafts:
        evaluator = Evaluator(
            draft,
            trie=pool.trie,
            tokens=prompts.tokens,
            machine=machine,
            scoring=source.scoring,
        )
        for given_widths in drafted:
            levels = given_widths * steps if len(given_widths) == 1 else given_widths
            for width in widths:
                total = Acceptance(0, 0, 0, 0)
                for start in range(0, len(users), BATCH):
                    batch = pool.take(users[start : start + BATCH])
                    total = total.plus(
                        evaluator.acceptance(batch, beam_width=width, draft_widths=levels)
                    )
                row = _Row(path, width, _format_widths(given_widths), total)
                click.echo(row.json() if arguments.json_out else row.line(column))
    if not arguments.json_out:
        click.echo(LEGEND)


@dataclass(frozen=True)
class _Row:
    draft: Path
    beam_width: int
    draft_width: str
    total: Acceptance

    def figures(self) -> dict[str, float]:
        return {
            "acceptedSteps": self.total.accepted_steps / self.total.users,
            "calls": self.total.calls / self.total.users,
            "nodes": self.total.nodes / self.total.users,
        }

    def json(self) -> str:
        named = {"beamWidth": self.beam_width, "draftWidth": self.draft_width}
        return json.dumps({"draft": str(self.draft), **named, **self.figures()})

    def line(self, column: int) -> str:
        accepted, calls, nodes = self.figures().values()
        return (
            f"{self.draft!s:{column}}  {self.beam_width:3}  {self.draft_width:>11}  "
            f"{accepted:8.2f}  {calls:6.2f}  {nodes:7.1f}"
        )


def _draft(path: Path, pool: TeacherPool, catalogue: Catalogue) -> tuple[Checkpoint, Prompts]:
    note_if_unfinished(path)
    draft = load_checkpoint(path, heads=True)
    prompts = prompts_of(draft, catalogue, path)
    check_prompts(prompts, pool, path)
    return draft, prompts


def _format_widths(widths: list[int]) -> str:
    return "/".join(map(str, widths))


def _numbers(option: str, words: list[str]) -> list[int]:
    if not all(word.strip().isdecimal() and int(word) > 0 for word in words):
        raise TrainingError(
            "BAD_OPTION", f"{option}: expected positive whole numbers, got {'/'.join(words)}"
        )
    return [int(word) for word in words]
