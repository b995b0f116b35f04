"""What a draft is made from, and how the time is divided."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import TeacherSource
from nightbeam_training.draft.begin import Shape
from nightbeam_training.draft.cost import CostLine
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.train.fit import FitOptions

INITIAL_SHARE, TEACHER_SHARE, ALIGN_SHARE = 0.1, 0.3, 0.45
"""Of the time, for each stage at most; the rest is for the widths."""
BATCH = 64
"""Examples per step."""
MAX_HELD_OUT = 512


@dataclass(frozen=True)
class DraftOptions:
    target: Checkpoint
    target_directory: Path
    prompts: Prompts
    source: TeacherSource
    """Of the teacher data."""
    histories: Histories
    """Of users with items whose prompts the target can take."""
    out: Path
    teacher_logs: list[Path]
    """Files of past nights."""
    draft: Checkpoint | None
    """To improve. None: a new one is made."""
    shape: Shape
    line: CostLine
    beam_widths: tuple[int, ...]
    nodes: int
    """Most nodes per user."""
    minutes: float
    seed: int
    machine: Machine

    @cached_property
    def searched(self) -> Prompts:
        """The prompts with the levels that a draft's search has."""
        return self.prompts.searched(self.source.scoring)

    @property
    def work(self) -> Path:
        return self.out / "work"

    def seconds(self, share: float) -> float:
        return 60 * self.minutes * share

    @cached_property
    def held_out(self) -> Histories:
        """Histories of the users that the draft is measured on, and that no question is made of.

        The same users tomorrow, when there are more: `--continue` does not measure on users that
        it has learned from. A run's log has prompts of all users.
        """
        return self._split[0]

    @cached_property
    def training(self) -> Histories:
        return self._split[1]

    @cached_property
    def _split(self) -> tuple[Histories, Histories]:
        users = self.histories.users
        ranks = [sha256(f"{self.seed} {user}".encode()).digest() for user in users]
        order = np.array(sorted(range(len(users)), key=ranks.__getitem__))
        held = max(1, min(MAX_HELD_OUT, len(order) // 10))
        return self.histories.take(order[:held]), self.histories.take(order[held:])

    def fit(self, *, epochs: int, steps: int, learning_rate: float, patience: int) -> FitOptions:
        """steps: per epoch. The rate falls to zero, after a warm-up of at most 100 steps."""
        return FitOptions(
            epochs=epochs,
            learning_rate=learning_rate,
            weight_decay=0.01,
            schedule="cosine",
            warmup_steps=min(100, epochs * steps // 10),
            patience=patience,
            clip=1.0,
            save_minutes=0.5,
        )
