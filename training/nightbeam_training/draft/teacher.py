"""The second stage: what the target answers, for held-out users and for the draft to learn from."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from nightbeam_training.data.augment import Question, questions
from nightbeam_training.data.teacher_files import teacher_files
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.draft.manifest import Manifest
from nightbeam_training.draft.options import TEACHER_SHARE, DraftOptions
from nightbeam_training.draft.progress import Progress
from nightbeam_training.draft.questions import rounds
from nightbeam_training.teach.label import Teacher
from nightbeam_training.teach.write import WriteOptions, write_teacher_data

BATCH = 64
TEACHER_WIDTH = 2
"""Times the largest K: the draft also learns what is just outside of the beam."""
MAX_EXAMPLES = 400_000
OVERTIME = 1.25
"""Times its share of the time, after which the stage ends with what it has."""
SHARD_SECONDS = 5.0
"""Work per file: the most that an interruption loses, and the time between progress lines."""


class TeacherPlan(BaseModel):
    """How much the target is asked, by how fast it answers here."""

    examples: int
    per_second: float
    shard: int
    """Questions per file."""


class TeacherEnd(BaseModel):
    """Where the questions ended, because the target answered slower than it was measured to."""

    rounds: int


class TeacherStage:
    """Labels histories with the target's beams; files that exist are kept."""

    def __init__(self, options: DraftOptions, manifest: Manifest, progress: Progress) -> None:
        self._options = options
        self._manifest = manifest
        self._progress = progress
        self._teacher = Teacher(
            options.target,
            options.prompts,
            machine=options.machine,
            scoring=options.source.scoring,
        )

    def plan(self) -> TeacherPlan:
        """How much the target can be asked in the time, measured on a few held-out users."""
        return self._manifest.decide(TeacherPlan, self._measured)

    def held_out(self) -> HeldOut:
        options = self._options
        folder = options.work / "held-out"
        self._write(
            folder,
            self._held_out_questions(),
            beam_width=max(options.beam_widths),
            shard=BATCH,
            tell=lambda done, total: self._progress.counted("held-out users", done, total),
        )
        pool = TeacherPool(
            teacher_files([folder]), options.searched.catalogue.trie, options.machine.device
        )
        return HeldOut(pool, options.searched, options.machine, options.source.scoring)

    def training(self, plan: TeacherPlan) -> list[Path]:
        """Files to learn from: the target's answers, and the logs of past nights."""
        options, done, folders = self._options, 0, list[Path]()
        started = time.monotonic()
        patience = OVERTIME * options.seconds(TEACHER_SHARE)
        for each in rounds(options.training, examples=plan.examples, seed=options.seed + 1):
            late = folders and time.monotonic() - started > patience
            if late or self._ended(len(folders)):
                self._manifest.decide(TeacherEnd, partial(TeacherEnd, rounds=len(folders)))
                self._progress.say(f"slower than expected: goes on with {done:,} examples")
                break

            def tell(answered: int, _: int, before: int = done, times: int = each.roll + 1) -> None:
                now = before + answered * times
                self._progress.counted("examples", now, plan.examples)

            folders.append(options.work / "teacher" / each.name)
            self._write(
                folders[-1],
                each.questions,
                beam_width=TEACHER_WIDTH * max(options.beam_widths),
                shard=plan.shard,
                roll=each.roll,
                tell=tell,
            )
            done += each.examples
        return [*teacher_files(folders), *options.teacher_logs]

    def _ended(self, made: int) -> bool:
        end = self._manifest.decided(TeacherEnd)
        return end is not None and made >= end.rounds

    def _held_out_questions(self) -> list[Question]:
        held = self._options.held_out
        return list(questions(held.items, kind="whole", copies=1, seed=0, texts=held.texts))

    def _measured(self) -> TeacherPlan:
        options = self._options
        sample = self._held_out_questions()[:BATCH]
        for _ in range(2):
            # The first time is slower, on a GPU much slower.
            started = time.monotonic()
            self._teacher.label(sample, width=TEACHER_WIDTH * max(options.beam_widths))
            seconds = time.monotonic() - started
        per_second = len(sample) / max(seconds, 1e-3)
        affordable = int(per_second * options.seconds(TEACHER_SHARE))
        return TeacherPlan(
            examples=max(BATCH, min(affordable, MAX_EXAMPLES)),
            per_second=round(per_second, 2),
            shard=max(16, min(4096, int(per_second * SHARD_SECONDS))),
        )

    def _write(
        self,
        folder: Path,
        asked: list[Question],
        *,
        beam_width: int,
        shard: int,
        roll: int = 0,
        tell: Callable[[int, int], None],
    ) -> None:
        options = self._options
        write_teacher_data(
            folder,
            asked,
            teacher=self._teacher,
            catalogue=options.prompts.catalogue,
            source=options.source,
            options=WriteOptions(
                beam_width=beam_width,
                shard_size=shard,
                batch_size=BATCH,
                roll=roll,
                seed=options.seed,
            ),
            progress=tell,
        )
