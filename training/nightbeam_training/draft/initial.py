"""The first stage: a draft to begin with."""

from __future__ import annotations

from pydantic import BaseModel

from nightbeam_training.draft.begin import initial_draft
from nightbeam_training.draft.manifest import Manifest
from nightbeam_training.draft.options import BATCH, INITIAL_SHARE, DraftOptions
from nightbeam_training.draft.progress import Progress
from nightbeam_training.draft.speed import seconds_per_step
from nightbeam_training.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nightbeam_training.recommend.run import RecommendOptions, RecommendTask
from nightbeam_training.train.fit import fit

LEARNING_RATE = 1.5e-3
MAX_EPOCHS = 12


class InitialPlan(BaseModel):
    """How long a new draft learns users' next items, by how fast it learns here."""

    epochs: int


def make_initial(options: DraftOptions, manifest: Manifest, progress: Progress) -> Checkpoint:
    """The draft that was given, some of the target's layers, or a new model that predicts items."""
    if options.draft is not None:
        progress.say("the draft of --continue")
        return options.draft
    draft = initial_draft(options.target, options.shape, options.target_directory)
    usable = options.training.where(lambda items, _: len(items) > 1)
    if options.shape.width is None:
        progress.say(f"{options.shape.words}: nothing to train yet")
        return draft
    if len(usable.items) < 2:
        progress.say(f"{options.shape.words}: too few histories to train it on next items first")
        return draft
    task = RecommendTask(
        draft,
        usable,
        prompts=options.prompts,
        machine=options.machine,
        options=RecommendOptions(
            batch_size=BATCH, validation=min(256, len(usable.items) // 4 + 1), seed=options.seed
        ),
    )

    def decide() -> InitialPlan:
        draft.model.to(options.machine.device)
        seconds = task.steps * seconds_per_step(draft.model, task, options.machine)
        return InitialPlan(
            epochs=max(1, min(MAX_EPOCHS, int(options.seconds(INITIAL_SHARE) / seconds)))
        )

    plan = manifest.decide(InitialPlan, decide)
    directory = options.work / "initial"
    fit(
        draft.model,
        task,
        keep=lambda: save_checkpoint(draft, directory),
        options=options.fit(
            epochs=plan.epochs, steps=task.steps, learning_rate=LEARNING_RATE, patience=2
        ),
        machine=options.machine,
        directory=directory,
        log=progress.log(directory, epochs=plan.epochs),
    )
    return load_checkpoint(directory)
