"""`nightbeam-train evaluate`: accepted steps and calls of drafts, offline."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np

from nightbeam_training.align.accept import Acceptance, Judge
from nightbeam_training.cli.options import DIRECTORY, FILE, MachineArguments, machine_options
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.prompt_spec import check_fits
from nightbeam_training.data.teacher_files import shared_source, teacher_files
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import load_checkpoint

BATCH = 64


class EvaluateArguments(MachineArguments):
    draft: tuple[Path, ...]
    teacher: tuple[Path, ...]
    catalogue: Path
    beam_width: str
    draft_width: str
    limit: int | None
    json_out: bool


@click.command()
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
    "--beam-width", default="1,3,5,10,20", show_default=True, help="K, one or several with commas."
)
@click.option(
    "--draft-width",
    default="40",
    show_default=True,
    help="N: for every level, or one a level with slashes (60/40/30); several with commas.",
)
@click.option("--limit", type=click.IntRange(1), help="Only the first users.")
@click.option("--json", "json_out", is_flag=True, help="One JSON object a line instead of a table.")
@machine_options
def evaluate(**given: object) -> None:
    """Tell how many drafted steps the target would accept, and how many calls a user would cost.

    Works on teacher data alone, so the target is not needed. `nightbeam bench` measures the same
    with the target itself.
    """
    arguments = EvaluateArguments.model_validate(given)
    machine = arguments.machine()
    catalogue = read_catalogue(arguments.catalogue)
    files = teacher_files(list(arguments.teacher))
    source = shared_source(files, catalogue)
    pool = TeacherPool(files, catalogue.trie)
    users = np.arange(len(pool))[: arguments.limit]
    widths = _numbers("--beam-width", arguments.beam_width.split(","))
    drafted = [
        _numbers("--draft-width", word.split("/")) for word in arguments.draft_width.split(",")
    ]
    steps = catalogue.trie.levels - 1
    for each in drafted:
        if len(each) not in (1, steps):
            raise TrainingError(
                "BAD_OPTION", f"--draft-width {each}: give one number, or {steps} with slashes"
            )
        if min(each) < max(widths):
            raise TrainingError(
                "BAD_OPTION",
                f"--draft-width {min(each)} is below --beam-width {max(widths)}: the target asks "
                "for so many in any case",
            )
    if not arguments.json_out:
        click.echo(f"{len(users):,} users, {source.scoring} scoring")
        click.echo(
            f"{'draft':32}  {'K':>3}  {'N':>11}  {'accepted':>8}  {'calls':>6}  {'nodes':>7}"
        )
    for path in arguments.draft:
        draft = load_checkpoint(path)
        check_fits(draft.prompt, catalogue, path)
        judge = Judge(draft, trie=catalogue.trie, machine=machine, scoring=source.scoring)
        for given_widths in drafted:
            levels = given_widths * steps if len(given_widths) == 1 else given_widths
            for width in widths:
                total = Acceptance(0, 0, 0, 0)
                for start in range(0, len(users), BATCH):
                    batch = pool.take(users[start : start + BATCH])
                    total = total.plus(
                        judge.acceptance(batch, beam_width=width, draft_widths=levels)
                    )
                _tell(path, width, "/".join(map(str, given_widths)), total, arguments.json_out)


def _tell(path: Path, beam_width: int, draft_width: str, total: Acceptance, as_json: bool) -> None:
    figures = {
        "acceptedSteps": total.accepted_steps / total.users,
        "calls": total.calls / total.users,
        "nodes": total.nodes / total.users,
    }
    if as_json:
        row = {"draft": str(path), "beamWidth": beam_width, "draftWidth": draft_width, **figures}
        click.echo(json.dumps(row))
        return
    accepted, calls, nodes = figures.values()
    name = str(path)[-32:]
    click.echo(
        f"{name:32}  {beam_width:3}  {draft_width:>11}  {accepted:8.2f}  {calls:6.2f}  {nodes:7.1f}"
    )


def _numbers(option: str, words: list[str]) -> list[int]:
    if not all(word.strip().isdecimal() and int(word) > 0 for word in words):
        raise TrainingError("BAD_OPTION", f"{option}: expected positive whole numbers, got {words}")
    return [int(word) for word in words]
