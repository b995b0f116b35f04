"""Options of `nightbeam-train align`, except those of the training loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import Field

from nightbeam_training.align.objective import (
    OBJECTIVES,
    Objective,
    ObjectiveOptions,
    Over,
    Variant,
)
from nightbeam_training.align.run import AlignOptions
from nightbeam_training.cli.fit_options import FitArguments
from nightbeam_training.cli.options import DIRECTORY, FILE, NEW_DIRECTORY, MachineArguments

F = TypeVar("F", bound=Callable[..., Any])


class AlignArguments(FitArguments, MachineArguments):
    draft: Path
    teacher: tuple[Path, ...]
    catalogue: Path
    out: Path
    target: Path | None
    objective: Objective
    alpha: float
    mixture: float
    top_k: int
    temperature: float
    over: Over
    variant: Variant
    edge_width: int
    edge_weight: float
    beam_width: int
    draft_width: int
    validation: int = Field(gt=0)

    def objective_options(self) -> ObjectiveOptions:
        return ObjectiveOptions(
            objective=self.objective,
            alpha=self.alpha,
            top_k=self.top_k,
            temperature=self.temperature,
            over=self.over,
            variant=self.variant,
            edge_width=self.edge_width,
            edge_weight=self.edge_weight,
        )

    def align_options(self) -> AlignOptions:
        return AlignOptions(
            objective=self.objective_options(),
            beam_width=self.beam_width,
            batch_size=self.batch_size,
            mixture=self.mixture,
            validation=self.validation,
            draft_width=self.draft_width,
            seed=self.seed,
        )


def align_options(command: F) -> F:
    """--draft, --teacher, --objective and the like."""
    options = (
        click.option(
            "--draft", type=DIRECTORY, required=True, help="Checkpoint that training starts from."
        ),
        click.option(
            "--teacher",
            type=DIRECTORY,
            required=True,
            multiple=True,
            help="Teacher data; may be repeated.",
        ),
        click.option("--catalogue", type=FILE, required=True, help="LC-Rec index: item -> codes."),
        click.option(
            "--out", type=NEW_DIRECTORY, required=True, help="Directory for the aligned draft."
        ),
        click.option(
            "--objective", type=click.Choice(OBJECTIVES), default="atspeed-s", show_default=True
        ),
        click.option(
            "--alpha",
            type=click.FloatRange(0, 1),
            default=0.7,
            show_default=True,
            help="Share of the alignment term; the rest is the loss of the user's next item.",
        ),
        click.option(
            "--mixture",
            type=click.FloatRange(0, 1),
            default=0.0,
            show_default=True,
            help="Share of the batches on the draft's own beams (lambda); needs --target.",
        ),
        click.option(
            "--target", type=DIRECTORY, help="The target, to score the draft's own beams."
        ),
        click.option(
            "--top-k",
            type=click.IntRange(1),
            default=20,
            show_default=True,
            help="Number of the draft's best codes per node that AtSpeed-S uses.",
        ),
        click.option(
            "--temperature", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True
        ),
        click.option(
            "--over",
            type=click.Choice(["valid", "vocabulary"]),
            default="valid",
            show_default=True,
            help="Compare distributions over the valid codes alone, or with the rest of the "
            "vocabulary as one more outcome, which matches full scoring.",
        ),
        click.option(
            "--edge-weight",
            type=click.FloatRange(0),
            default=1.0,
            show_default=True,
            help="Weight of the error in the scores near the edge of the beam, for beam-score.",
        ),
        click.option(
            "--edge-width",
            type=click.IntRange(1),
            default=60,
            show_default=True,
            help="Number of best candidates per level that are near the edge, for beam-score.",
        ),
        click.option(
            "--variant",
            type=click.Choice(["written", "public"]),
            default="written",
            show_default=True,
            help="AtSpeed-S by the paper's formula or by the public code.",
        ),
        click.option(
            "--beam-width", type=click.IntRange(1), default=20, show_default=True, help="K."
        ),
        click.option(
            "--draft-width",
            type=click.IntRange(1),
            default=40,
            show_default=True,
            help="N for counting calls in validation.",
        ),
        click.option(
            "--validation",
            type=click.IntRange(1),
            default=512,
            show_default=True,
            help="Examples held back for validation.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
