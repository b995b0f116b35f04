"""The third stage: the draft learns what the target answers."""

from __future__ import annotations

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
PATIENCE = 5
"""Counts without fewer calls, after which learning stops."""


class AlignPlan(BaseModel):
    """How long the draft learns, by how fast it learns here."""

    counts: int
    """How often calls are counted."""
    steps: int
    """Batches between two counts."""


def align_draft(
    draft: Checkpoint,
    files: list[Path],
    held_out: HeldOut,
    *,
    options: DraftOptions,
    manifest: Manifest,
    progress: Progress,
) -> Checkpoint:
    """The draft of the count with the fewest calls."""
    pool = TeacherPool(files, options.searched.catalogue.trie, options.machine.device)
    task = DraftTask(draft, pool, held_out=held_out, options=_learning(options, steps=1))

    def decide() -> AlignPlan:
        draft.model.to(options.machine.device)
        seconds = seconds_per_step(draft.model, task)
        affordable = options.seconds(ALIGN_SHARE) / seconds
        steps = max(1, int(min(affordable, MAX_PASSES * task.steps_per_pass)))
        counts = min(MAX_COUNTS, steps)
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
    if not (directory / "log.jsonl").exists():
        before = task.validate()
        words = "   ".join(calls_words(before, beam_width) for beam_width in options.beam_widths)
        progress.say(f"before    {words}")
    copy_tokenizer(tokenizer_place(options.target_directory), options.out)
    fitted = fit(
        draft.model,
        task,
        keep=lambda: save_checkpoint(draft, options.out),
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
