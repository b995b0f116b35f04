"""The training loop of targets and drafts; resumes after an interruption, bit for bit."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing
from nightbeam_training.model.precision import Machine
from nightbeam_training.train.log import TrainingLog

Batch = TypeVar("Batch")
Figures = dict[str, float]
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


@dataclass
class Progress:
    epoch: int = 0
    step: int = 0
    """Within the epoch."""
    best: float = -math.inf
    best_epoch: int = 0
    seconds: float = 0.0
    sums: Figures = field(default_factory=dict)
    """Losses of the epoch so far, summed over the steps that report them."""
    counts: dict[str, int] = field(default_factory=dict)
    """Number of those steps."""


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)


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
    progress = _restore(directory / STATE_FILE, model, optimizer)
    total = options.epochs * task.steps
    while progress.epoch < options.epochs and not _out_of_patience(progress, options):
        model.train()
        started = saved = time.monotonic()
        for batch in task.batches(progress.epoch, progress.step):
            rate = _rate(progress.epoch * task.steps + progress.step, total, options)
            for group in optimizer.param_groups:
                group["lr"] = rate
            with machine.autocast():
                loss, parts = task.loss(batch)
            figures = _floats({"loss": loss, **parts})
            if not math.isfinite(value := figures["loss"]):
                raise TrainingError(
                    "DIVERGED",
                    f"the loss is {value} in epoch {progress.epoch + 1}, step {progress.step + 1}: "
                    "start again with a smaller --learning-rate or more --warmup-steps",
                )
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), options.clip)
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
            if now - saved > 60 * options.save_minutes:
                progress.seconds += now - started
                started = saved = now
                _save(directory / STATE_FILE, model, optimizer, progress)
        model.eval()
        progress.seconds += time.monotonic() - started
        _end_epoch(progress, task, keep, log)
        _save(directory / STATE_FILE, model, optimizer, progress)
    log.draw()
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
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    vectors = [weight for weight in model.parameters() if weight.dim() <= 1]
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


def _save(
    path: Path, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    state: Mapping[str, Any] = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "progress": asdict(progress),
    }
    with replacing(path) as partial:
        torch.save(state, partial)


def _restore(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    if not path.exists():
        return Progress()
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(**state["progress"])
