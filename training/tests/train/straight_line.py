"""A small model that learns a sum of three numbers, for tests of the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from world import MACHINE

from nightbeam_training.train.fit import FitOptions, Progress, fit, seed_all
from nightbeam_training.train.log import TrainingLog

STEPS = 5
OPTIONS = FitOptions(
    epochs=3,
    learning_rate=0.05,
    weight_decay=0.1,
    schedule="cosine",
    warmup_steps=2,
    patience=0,
    clip=1.0,
    save_minutes=0.0,
)


class StoppedError(Exception):
    """The process was killed."""


class Run:
    """A small model and its task; `stop_at` counts losses of this run from one."""

    steps = STEPS
    metric = "score"

    def __init__(
        self,
        directory: Path,
        *,
        options: FitOptions = OPTIONS,
        score_of: Callable[[int], float] | None = None,
        stop_at: int = 0,
        seed: int = 0,
    ) -> None:
        directory.mkdir(exist_ok=True)
        seed_all(seed)
        self.model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        self.lines: list[str] = []
        self.kept: list[dict[str, Tensor]] = []
        self.losses = self.validations = 0
        self.directory, self.options, self.score_of = directory, options, score_of
        self.stop_at = stop_at

    def go(self) -> Progress:
        log = TrainingLog(self.directory, echo=self.lines.append)
        return fit(
            self.model,
            self,
            keep=lambda: self.kept.append(self.weights()),
            options=self.options,
            machine=MACHINE,
            directory=self.directory,
            log=log,
        )

    def batches(self, epoch: int, first: int) -> Iterator[Tensor]:
        for step in range(first, STEPS):
            rng = np.random.default_rng((epoch, step))
            yield torch.from_numpy(rng.normal(size=(8, 3))).float()

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        self.losses += 1
        if self.losses == self.stop_at:
            raise StoppedError
        assert self.model.training
        error = (self.model(batch)[:, 0] - batch.sum(dim=1)).square().mean()
        sometimes = torch.where(batch[0, 1] > 0, error, torch.nan)
        return error, {"twice": 2 * error, "sometimes": sometimes}

    def validate(self) -> dict[str, float]:
        assert not self.model.training
        self.validations += 1
        fixed = torch.ones(1, 3)
        score = -float((self.model(fixed) - 3).detach().abs())
        return {"score": self.score_of(self.validations) if self.score_of else score}

    def weights(self) -> dict[str, Tensor]:
        return {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
