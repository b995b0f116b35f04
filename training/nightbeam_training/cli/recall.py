"""`nightbeam-train recall`: how well targets predict the items that came next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import click
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nightbeam_training.cli.options import (
    DIRECTORY,
    FILE,
    MachineArguments,
    options_of,
    positive_numbers,
)
from nightbeam_training.cli.teacher_data import note_if_unfinished
from nightbeam_training.data.catalogue import Catalogue, Ints, read_catalogue
from nightbeam_training.data.histories import Histories, read_histories
from nightbeam_training.errors import TrainingError
from nightbeam_training.model.checkpoint import load_checkpoint, prompts_of
from nightbeam_training.model.precision import Machine
from nightbeam_training.recommend.ranking import Lists, Ranking, popular, rankings


class RecallInputs(BaseModel):
    model_config = ConfigDict(frozen=True)
    target: Annotated[tuple[Path, ...], DIRECTORY] = Field(description="May be repeated.")
    catalogue: Annotated[Path, FILE] = Field(description="LC-Rec index: item -> codes.")
    histories: Annotated[Path, FILE] = Field(
        description='JSONL {"user": …, "history": [item]}; the last item of each is predicted from '
        "those before it."
    )
    beam_width: int = Field(20, ge=1, description="Of the targets' searches.")
    top_k: str = Field("5,10", description="K; several with commas.")
    limit: int | None = Field(None, ge=1, description="Use only the first users.")


class RecallArguments(MachineArguments, RecallInputs):
    def ks(self) -> list[int]:
        """Raises BAD_OPTION."""
        ks = positive_numbers("--top-k", self.top_k, ",")
        if max(ks) > self.beam_width:
            raise TrainingError(
                "BAD_OPTION",
                f"--top-k {max(ks)} needs as many beams: give --beam-width {max(ks)} or more",
            )
        return ks


@click.command(short_help="Measure how well targets predict the next items.")
@options_of(RecallArguments)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of a table.")
def recall(as_json: bool, **given: object) -> None:
    """Measure Recall and NDCG of the last items of histories, beside the most popular items.

    Popular are the items that occur most often before the last ones. `nightbeam evaluate` measures
    the same for the lists of a finished run.
    """
    arguments = RecallArguments.model_validate(given)
    ks = arguments.ks()
    machine = arguments.machine()
    catalogue = read_catalogue(arguments.catalogue)
    everyone = read_histories(arguments.histories, catalogue)
    asked = _asked(arguments, everyone)
    truth = np.array([items[-1] for items in asked.items])
    column = max(len("popularity"), *(len(str(path)) for path in arguments.target))
    if not as_json:
        click.echo(f"{len(asked):,} users")
        click.echo(f"{'target':{column}}  {'K':>4}  {'Recall':>7}  {'NDCG':>7}")
    best = popular(everyone.items, items=len(catalogue.item_ids), count=max(ks))
    rows = rankings([best] * len(asked), truth, ks=ks)
    _print("popularity", rows, column=column, as_json=as_json)
    for path in arguments.target:
        lists = _lists(path, arguments, catalogue, machine)
        _print(str(path), rankings(lists, truth, ks=ks), column=column, as_json=as_json)


def _asked(arguments: RecallArguments, everyone: Histories) -> Histories:
    asked = everyone.where(lambda items, _: len(items) > 1)
    if len(asked) == 0:
        raise TrainingError(
            "BAD_HISTORIES", f"{arguments.histories}: no history has two items or more"
        )
    return asked.take(np.arange(len(asked))[: arguments.limit])


def _lists(
    path: Path, arguments: RecallArguments, catalogue: Catalogue, machine: Machine
) -> list[Ints]:
    """Of the users that `_asked` returns, in their order."""
    note_if_unfinished(path)
    target = load_checkpoint(path)
    prompts = prompts_of(target, catalogue, path)
    columns = target.prompt.columns
    asked = _asked(arguments, read_histories(arguments.histories, catalogue, columns=columns))
    before = Histories(asked.users, [items[:-1] for items in asked.items], asked.texts)
    lists = Lists(target.model, prompts, machine=machine)
    return lists.of(before, beam_width=arguments.beam_width, count=max(arguments.ks()))


def _print(name: str, rows: list[Ranking], *, column: int, as_json: bool) -> None:
    for row in rows:
        figures = {"target": name, "k": row.k, "recall": row.recall, "ndcg": row.ndcg}
        line = f"{name:{column}}  {row.k:4}  {row.recall:7.4f}  {row.ndcg:7.4f}"
        click.echo(json.dumps(figures) if as_json else line)
