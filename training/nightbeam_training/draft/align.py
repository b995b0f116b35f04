"""The third stage: the draft learns what the target answers."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import BaseModel

from nightbeam_training.align.options import OVER_BY_SCORING, ObjectiveOptions
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.data.tokenizer import copy_tokenizer
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.draft.learn import DraftTask, LearnOptions
from nightbeam_training.draft.manifest import Manifest
from nightbeam_training.draft.options import ALIGN_SHARE, BATCH, DraftOptions
from nightbeam_training.draft.progress import Progress, calls_words
from nightbeam_training.draft.speed import seconds_per_step
from nightbeam_training.model.checkpoint import (
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
    tokenizer_place,
)
from nightbeam_training.train.fit import fit

NEW_RATE, TRAINED_RATE = 2e-3, 1e-3
"""Learning rates of new weights, and of weights that know something already."""
MAX_PASSES = 12
"""Over the teacher data."""
MAX_COUNTS = 20
COUNT_SHARE = 0.3
"""Of the stage's time, for counting at most."""
PATIENCE = 5
"""Counts without fewer calls, after which learning stops."""


class AlignPlan(BaseModel):
    """How long the draft learns, by how fast it learns here."""

    counts: int
    """How often calls are counted."""
    steps: int
    """Batches between two counts."""


class CountBefore(BaseModel):
    """Calls and nodes of the initial draft, which is kept if learning makes it no better."""

    figures: dict[str, float]
    seconds: float
    """That a count takes here."""


def align_draft(
    draft: Checkpoint,
    files: list[Path],
    held_out: HeldOut,
    *,
    options: DraftOptions,
    manifest: Manifest,
    progress: Progress,
) -> Checkpoint:
    """The draft of the count with the fewest calls, the initial one included."""
    pool = TeacherPool(files, options.searched.catalogue.trie, options.machine.device)
    task = DraftTask(draft, pool, held_out=held_out, options=_learning(options, steps=1))

    def count_before() -> CountBefore:
        draft.model.to(options.machine.device)
        save_checkpoint(draft, options.out)
        progress.say("counting calls with the initial draft")
        started = time.monotonic()
        figures = task.validate()
        return CountBefore(figures=figures, seconds=round(time.monotonic() - started, 2))

    before = manifest.decide(CountBefore, count_before)

    def decide() -> AlignPlan:
        limit = options.seconds(ALIGN_SHARE)
        counts = max(1, min(MAX_COUNTS, int(COUNT_SHARE * limit / max(before.seconds, 1e-3))))
        left = (limit - counts * before.seconds) / seconds_per_step(
            draft.model, task, options.machine
        )
        steps = max(1, int(min(left, MAX_PASSES * task.steps_per_pass)))
        counts = min(counts, steps)
        return AlignPlan(counts=counts, steps=steps // counts)

    plan = manifest.decide(AlignPlan, decide)
    task = DraftTask(draft, pool, held_out=held_out, options=_learning(options, steps=plan.steps))
    steps = plan.counts * plan.steps
    progress.say(
        f"{len(pool):,} examples, {steps:,} steps of {BATCH}: "
        f"{steps / task.steps_per_pass:.1f} times each example"
    )
    directory = options.work / "align"
    log = progress.calls_log(directory, beam_widths=options.beam_widths, counts=plan.counts)
    copy_tokenizer(tokenizer_place(options.target_directory), options.out)
    words = [calls_words(before.figures, beam_width) for beam_width in options.beam_widths]
    progress.say("   ".join(["before", *words]))

    def keep() -> None:
        if task.counted > before.figures[task.metric]:
            save_checkpoint(draft, options.out)

    fitted = fit(
        draft.model,
        task,
        keep=keep,
        options=options.fit(
            epochs=plan.counts,
            steps=plan.steps,
            learning_rate=NEW_RATE if _is_new(options) else TRAINED_RATE,
            patience=PATIENCE,
        ),
        machine=options.machine,
        directory=directory,
        log=log,
    )
    if fitted.epoch < plan.counts:
        progress.say(f"calls no longer fall: stopped after count {fitted.epoch}")
    if fitted.best <= before.figures[task.metric]:
        progress.say("no count is better than before: the initial draft stays as it is")
    return load_checkpoint(options.out)


def _is_new(options: DraftOptions) -> bool:
    return options.draft is None and options.shape.width is not None


def _learning(options: DraftOptions, *, steps: int) -> LearnOptions:
    return LearnOptions(
        objective=ObjectiveOptions.model_validate(
            {
                "objective": "beam-score",
                "alpha": 1,
                "over": OVER_BY_SCORING[options.source.scoring],
                "edge_width": 4 * max(options.beam_widths),
            }
        ),
        beam_widths=options.beam_widths,
        nodes=options.nodes,
        batch_size=BATCH,
        steps=steps,
        seed=options.seed,
    )
