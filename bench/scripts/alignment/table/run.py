"""One run: a draft is trained and evaluated on users that it has not seen."""

from __future__ import annotations

import json
import queue
import time
from multiprocessing.queues import Queue as SharedQueue

import numpy as np
import torch
from nightbeam_training.align.accept import Evaluator
from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.align.options import AlignOptions
from nightbeam_training.align.run import AlignTask
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.data.teacher_files import teacher_files
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.files import replacing
from nightbeam_training.model.checkpoint import load_checkpoint, save_checkpoint
from nightbeam_training.model.heads import with_heads
from nightbeam_training.model.precision import Machine, open_machine
from nightbeam_training.train.fit import fit, seed_all
from nightbeam_training.train.log import TrainingLog

from rows import BUDGETS, Place, Row

BEAM_WIDTHS = (1, 3, 5, 10, 20)


def work(
    place: Place, jobs: queue.Queue[tuple[Row, int]] | SharedQueue[tuple[Row, int]], minutes: float
) -> None:
    """Runs jobs until there are none, with teacher data that are read once."""
    started = time.monotonic()
    machine = open_machine(device=place.device, precision="fp32", threads=1)
    trie = read_catalogue(place.catalogue).trie
    lessons, test = (
        TeacherPool(teacher_files([folder]), trie, machine.device)
        for folder in (place.lessons, place.test)
    )
    while time.monotonic() - started < 60 * minutes:
        try:
            row, seed = jobs.get(timeout=1)
        except queue.Empty:
            return
        run(place, row, seed, lessons=lessons, test=test, machine=machine)


def run(
    place: Place, row: Row, seed: int, *, lessons: TeacherPool, test: TeacherPool, machine: Machine
) -> None:
    started = time.monotonic()
    seed_all(seed)
    # Several processes share a GPU, where the deterministic form of a gather's gradient is slow.
    torch.use_deterministic_algorithms(False)
    budget = BUDGETS[place.budget]
    draft = load_checkpoint(place.begin)
    if row.options["objective"] == "heads":
        draft = with_heads(draft)
    tokens = open_prompts(draft.prompt, read_catalogue(place.catalogue), place.begin).tokens
    options = AlignOptions.model_validate(
        {
            **row.options,
            "over": "vocabulary",
            "batch_size": budget.training.batch_size,
            "validation": budget.validation,
            "seed": seed,
        }
    )
    beams = None
    if options.mixture > 0:
        beams = DraftBeams(
            load_checkpoint(place.target).model,
            trie=lessons.trie,
            tokens=tokens,
            machine=machine,
            scoring="full",
        )
    task = AlignTask(
        draft,
        lessons,
        tokens=tokens,
        scoring="full",
        machine=machine,
        options=options,
        draft_beams=beams,
    )
    result = place.result(row, seed)
    folder = place.out / "drafts" / place.budget / result.stem
    progress = fit(
        draft.model,
        task,
        options=budget.training.fit(),
        machine=machine,
        directory=folder,
        log=TrainingLog(folder, echo=lambda _: None),
        keep=lambda: save_checkpoint(draft, folder),
    )
    best = load_checkpoint(folder, heads=True)
    evaluator = Evaluator(best, trie=test.trie, tokens=tokens, machine=machine, scoring="full")
    users = np.arange(len(test))[: place.test_users]
    draft_widths = [options.draft_width] * (test.trie.levels - 1)
    figures: dict[int, dict[str, list[int]]] = {}
    for width in BEAM_WIDTHS:
        found = evaluator.per_user_over(test, users, beam_width=width, draft_widths=draft_widths)
        figures[width] = {name: values.tolist() for name, values in vars(found).items()}
    seconds = time.monotonic() - started
    with replacing(result) as partial:
        partial.write_text(
            json.dumps(
                {
                    "row": row.name,
                    "seed": seed,
                    "epochs": progress.epoch,
                    "bestEpoch": progress.best_epoch,
                    "steps": progress.epoch * task.steps,
                    "seconds": seconds,
                    "perUser": figures,
                }
            )
        )
    mean = np.mean([np.mean(figures[width]["accepted_steps"]) for width in BEAM_WIDTHS])
    print(f"{row.name}, seed {seed}: {mean:.3f} accepted steps, {seconds:.0f} s", flush=True)
