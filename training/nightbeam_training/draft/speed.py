"""How fast a model learns on this machine."""

from __future__ import annotations

import time
from itertools import islice
from typing import TypeVar

from torch import nn

from nightbeam_training.train.fit import Task

Batch = TypeVar("Batch")
STEPS = 4


def seconds_per_step(model: nn.Module, task: Task[Batch]) -> float:
    """Seconds per step, from a few steps that leave the weights as they are.

    The first is not counted: it is slower, and on a GPU much slower.
    """
    taken = []
    for batch in islice(task.batches(0, 0), STEPS):
        started = time.monotonic()
        value, _ = task.loss(batch)
        value.backward()  # type: ignore[no-untyped-call]
        # Waits for the device.
        float(value.detach())
        taken.append(time.monotonic() - started)
    model.zero_grad(set_to_none=True)
    counted = taken[1:] or taken
    return max(sum(counted) / len(counted), 1e-4)
