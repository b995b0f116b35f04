"""How fast a model learns on this machine."""

from __future__ import annotations

import time
from itertools import islice
from typing import TypeVar

from torch import nn

from nightbeam_training.model.precision import Machine
from nightbeam_training.train.fit import Task

Batch = TypeVar("Batch")
STEPS = 4


def seconds_per_step(model: nn.Module, task: Task[Batch], machine: Machine) -> float:
    """Seconds per step, from a few steps that leave the weights as they are.

    Includes making the batch, but not the optimizer. The first step is not counted: it is slower,
    and on a GPU much slower.
    """
    model.to(machine.device)
    moments = [time.monotonic()]
    for batch in islice(task.batches(0, 0), STEPS):
        with machine.autocast():
            value, _ = task.loss(batch)
        value.backward()  # type: ignore[no-untyped-call]
        # Waits for the device.
        float(value.detach())
        moments.append(time.monotonic())
    model.zero_grad(set_to_none=True)
    counted = moments[1:] if len(moments) > 2 else moments
    return max((counted[-1] - counted[0]) / max(len(counted) - 1, 1), 1e-4)
