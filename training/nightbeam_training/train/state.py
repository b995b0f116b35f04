"""What a training run continues from after an interruption."""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from nightbeam_training.files import replacing

Figures = dict[str, float]


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


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that are trained, by name; a shared one once."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


class TrainingState:
    """What a run continues from: the weights that are trained, their moments and the progress."""

    def __init__(self, path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._path, self._model, self._optimizer = path, model, optimizer
        self._writer = ThreadPoolExecutor(max_workers=1)
        self._written: Future[None] | None = None

    def restore(self) -> Progress:
        """Continues from the file, if there is one, whatever device it was saved on."""
        if not self._path.exists():
            return Progress()
        state = torch.load(self._path, weights_only=True, map_location="cpu")
        self._model.load_state_dict(state["model"], strict=False)
        self._optimizer.load_state_dict(state["optimizer"])
        return Progress(**state["progress"])

    def save(self, progress: Progress) -> None:
        """Copies the state to the host's memory; the file is written while training goes on."""
        self._wait()
        state = {
            "model": _copied(trainable(self._model)),
            "optimizer": _copied(self._optimizer.state_dict()),
            "progress": asdict(progress),
        }
        self._written = self._writer.submit(self._write, state)

    def close(self) -> None:
        """Waits until the last state is in the file. Raises what went wrong with it."""
        self._wait()
        self._writer.shutdown()

    def _wait(self) -> None:
        if self._written is not None:
            self._written.result()

    def _write(self, state: dict[str, object]) -> None:
        with replacing(self._path) as partial:
            torch.save(state, partial)


def _copied(value: object) -> object:
    """A state with its tensors copied to the host's memory."""
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value
