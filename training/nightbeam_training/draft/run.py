"""Makes a draft for a target in four stages. Each keeps its files: an interrupted run continues."""

from __future__ import annotations

from pydantic import BaseModel

from nightbeam_training.draft.align import align_draft
from nightbeam_training.draft.console import Console
from nightbeam_training.draft.cost import Size
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.draft.initial import make_initial
from nightbeam_training.draft.manifest import Manifest
from nightbeam_training.draft.options import DraftOptions
from nightbeam_training.draft.teacher import TeacherStage
from nightbeam_training.draft.widths import (
    WidthChoice,
    WidthOptions,
    plain_choice,
    width_choices,
)
from nightbeam_training.model.checkpoint import Checkpoint

STAGES = 4


class DraftResult(BaseModel):
    """What came of it: for every K, plain search and what was tried, and the best of it."""

    weights: int
    held_out_users: int
    plain: list[WidthChoice]
    choices: list[WidthChoice]
    best: list[WidthChoice]


def make_draft(options: DraftOptions, manifest: Manifest, console: Console) -> DraftResult:
    """Writes the draft to `options.out`, and what was done to the manifest."""
    console.stage("Initial draft", stages=STAGES)
    draft = make_initial(options, manifest, console)
    console.stage("Teacher data: what the target answers", stages=STAGES)
    teacher = TeacherStage(options, manifest, console)
    plan = teacher.plan()
    held_out = teacher.held_out()
    files = teacher.training(plan)
    console.stage("Alignment: the draft learns these answers", stages=STAGES)
    draft = align_draft(draft, files, held_out, options=options, manifest=manifest, console=console)
    console.stage("Draft widths", stages=STAGES)
    result = _measure(draft, held_out, options, console)
    manifest.finish(result.model_dump())
    return result


def _measure(
    draft: Checkpoint, held_out: HeldOut, options: DraftOptions, console: Console
) -> DraftResult:
    console.say(f"per user, {len(held_out.pool):,} held-out users; ms by the cost line")
    plain, tried, best = [], [], []
    draft.model.to(options.machine.device).eval()
    for beam_width in options.beam_widths:
        wanted = WidthOptions(
            beam_width=beam_width,
            nodes=options.nodes,
            line=options.line,
            target=Size.of(options.target),
        )
        plain.append(plain_choice(held_out, wanted))
        console.say(plain[-1].words)
        choices = width_choices(
            draft, held_out, wanted, report=lambda choice: console.say(choice.words)
        )
        tried += choices
        best.append(min(choices, key=lambda one: one.milliseconds))
    return DraftResult(
        weights=Size.of(draft).weights,
        held_out_users=len(held_out.pool),
        plain=plain,
        choices=tried,
        best=best,
    )
