"""The training loop of targets and drafts; resumes after an interruption, bit for bit."""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from nightbeam_training.errors import TrainingError
from nightbeam_training.model.precision import Machine
from nightbeam_training.train.log import TrainingLog
from nightbeam_training.train.state import Figures, Progress, TrainingState, trainable

Batch = TypeVar("Batch")
STATE_FILE = "training-state.pt"


@dataclass(frozen=True)
class FitOptions:
    epochs: int
    learning_rate: float
    weight_decay: float
    schedule: Literal["constant", "cosine"]
    warmup_steps: int
    patience: int
    """Training stops after this many epochs without a better validation; 0: never."""
    clip: float
    """Maximum norm of the gradient."""
    save_minutes: float
    """Minutes between saves: the maximum loss in an interruption."""
    accumulate: int = 1
    """Batches per step, whose gradients are averaged: their layers are in memory one at a time."""


class Task(Protocol[Batch]):
    """Training data, loss and validation."""

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        ...

    @property
    def metric(self) -> str:
        """Metric of `validate` that selects the epoch whose weights are kept; larger is better."""
        ...

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """The epoch's batches from number `first` on; deterministic."""
        ...

    def loss(self, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss, and its parts for the log; a part that is NaN is not averaged."""
        ...

    def validate(self) -> Figures: ...


def seed_all(seed: int) -> None:
    """Makes a run a function of its seed. To be called before the GPU is used."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    # Without this variable, cuBLAS may add in another order.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Only without warn_only do the attention kernels choose their deterministic gradients.
    torch.use_deterministic_algorithms(True)
    # No memory is read before it is written, so it need not be filled.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def fit(
    model: nn.Module,
    task: Task[Batch],
    *,
    keep: Callable[[], None],
    options: FitOptions,
    machine: Machine,
    directory: Path,
    log: TrainingLog,
) -> Progress:
    """Trains until all epochs are done or patience runs out; saves its state in `directory`.

    keep: called when the current weights are the best so far.
    """
    model.to(machine.device)
    optimizer = _optimizer(model, options)
    with closing(TrainingState(directory / STATE_FILE, model, optimizer)) as state:
        progress = _train(
            model,
            task,
            optimizer,
            keep=keep,
            state=state,
            options=options,
            machine=machine,
            log=log,
        )
    log.draw()
    return progress


def _train(
    model: nn.Module,
    task: Task[Batch],
    optimizer: torch.optim.Optimizer,
    *,
    keep: Callable[[], None],
    state: TrainingState,
    options: FitOptions,
    machine: Machine,
    log: TrainingLog,
) -> Progress:
    progress = state.restore()
    weights = list(trainable(model).values())
    steps = -(-task.steps // options.accumulate)
    while progress.epoch < options.epochs and not _out_of_patience(progress, options):
        model.train()
        started = saved = time.monotonic()
        for batch in task.batches(progress.epoch, progress.step):
            step, place = divmod(progress.step, options.accumulate)
            batches = min(options.accumulate, task.steps - progress.step + place)
            with machine.autocast():
                loss, parts = task.loss(batch)
            figures = _floats({"loss": loss, **parts})
            if not math.isfinite(value := figures["loss"]):
                raise TrainingError(
                    "DIVERGED",
                    f"the loss is {value} in epoch {progress.epoch + 1}, step {progress.step + 1}: "
                    "start again in a new --out with a smaller --learning-rate or more "
                    "--warmup-steps",
                )
            (loss / batches).backward()  # type: ignore[no-untyped-call]
            if place + 1 == batches:
                rate = _rate(progress.epoch * steps + step, options.epochs * steps, options)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                nn.utils.clip_grad_norm_(weights, options.clip)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            progress.step += 1
            for name, figure in figures.items():
                if math.isnan(figure):
                    continue
                progress.sums[name] = progress.sums.get(name, 0.0) + figure
                progress.counts[name] = progress.counts.get(name, 0) + 1
            now = time.monotonic()
            log.step(
                progress.epoch + 1, progress.step, task.steps, progress.sums["loss"] / progress.step
            )
            if place + 1 == batches and now - saved > 60 * options.save_minutes:
                progress.seconds += now - started
                started = saved = now
                state.save(progress)
        model.eval()
        progress.seconds += time.monotonic() - started
        _end_epoch(progress, task, keep, log)
        state.save(progress)
    return progress


def _floats(parts: Mapping[str, Tensor]) -> Figures:
    """Copied from the device together, because every copy waits for it."""
    values = torch.stack([part.detach() for part in parts.values()]).tolist()
    return dict(zip(parts, values, strict=True))


def _end_epoch(
    progress: Progress, task: Task[Batch], keep: Callable[[], None], log: TrainingLog
) -> None:
    validated = task.validate()
    means = {name: value / progress.counts[name] for name, value in progress.sums.items()}
    progress.epoch, progress.step = progress.epoch + 1, 0
    progress.sums, progress.counts = {}, {}
    better = validated[task.metric] > progress.best
    if better:
        progress.best, progress.best_epoch = validated[task.metric], progress.epoch
        keep()
    log.epoch(progress.epoch, progress.seconds, trained=means, validated=validated, best=better)


def _out_of_patience(progress: Progress, options: FitOptions) -> bool:
    return 0 < options.patience <= progress.epoch - progress.best_epoch


def _optimizer(model: nn.Module, options: FitOptions) -> torch.optim.Optimizer:
    """AdamW; vectors (norms, biases) have no weight decay."""
    weights = trainable(model).values()
    matrices = [weight for weight in weights if weight.dim() > 1]
    vectors = [weight for weight in weights if weight.dim() <= 1]
    groups = [
        {"params": matrices, "weight_decay": options.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.learning_rate, betas=(0.9, 0.98), fused=True)


def _rate(step: int, total: int, options: FitOptions) -> float:
    warm = min(1.0, (step + 1) / max(options.warmup_steps, 1))
    if options.schedule == "constant":
        return options.learning_rate * warm
    return options.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / max(total, 1)))
