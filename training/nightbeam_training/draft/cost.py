"""What a search costs: cost lines of machines, and the time per user with a draft.

A call of a model takes a fixed time (launches of its layers, or reading its weights once) and a
time per token. On a GPU the first is most of it, so a draft has to save calls and may send tokens;
on a processor it is the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nightbeam_training.model.checkpoint import Checkpoint

CostName = Literal["cpu", "h100", "h200", "network"]


@dataclass(frozen=True)
class Size:
    """What a model's time depends on."""

    layers: int
    weights: int

    @staticmethod
    def of(checkpoint: Checkpoint) -> Size:
        return Size(
            layers=checkpoint.model.config.num_hidden_layers,
            weights=sum(weight.numel() for weight in checkpoint.model.parameters()),
        )


@dataclass(frozen=True)
class Device:
    """Milliseconds of one model's calls."""

    call_ms: float
    """Per call, whatever the model."""
    layer_ms: float
    """Per call and layer."""
    token_ms: float
    """Per 1,000 tokens, whatever the model."""
    tflops: float
    """Of the products, two operations per weight and token."""
    gigabytes: float
    """Read per second; a call reads all weights once, two bytes each. 0: not what limits it."""

    def fixed(self, size: Size) -> float:
        """Milliseconds per call."""
        reading = 2e-6 * size.weights / self.gigabytes if self.gigabytes else 0.0
        return max(self.call_ms + self.layer_ms * size.layers, reading)

    def per_thousand(self, size: Size) -> float:
        """Milliseconds per 1,000 tokens."""
        return self.token_ms + 2e-6 * size.weights / self.tflops


# Fitted to docs/results/gpu.md: one user and 64 users, targets of 6 to 32 layers.
_H200 = Device(call_ms=2.0, layer_ms=0.75, token_ms=1.4, tflops=450, gigabytes=4200)
# Modelled: an H200's launches and products, with the H100's memory.
_H100 = Device(call_ms=2.0, layer_ms=0.75, token_ms=1.4, tflops=450, gigabytes=3000)
# Fitted to docs/results/one-machine.md: two cores with AVX-512.
_CPU = Device(call_ms=0.0, layer_ms=0.0, token_ms=8.0, tflops=0.45, gigabytes=0)


@dataclass(frozen=True)
class CostLine:
    """Where the target and the draft run."""

    target: Device
    draft: Device
    hop_ms: float
    """Added to every call of the target."""
    users: int
    """Users per call, who share its fixed time."""
    words: str


COST_LINES: dict[CostName, CostLine] = {
    "cpu": CostLine(_CPU, _CPU, 0.0, 32, "target and draft on two cores, 32 users per call"),
    "h100": CostLine(_H100, _H100, 0.0, 8, "target and draft on an H100, 8 users per call"),
    "h200": CostLine(_H200, _H200, 0.0, 8, "target and draft on an H200, 8 users per call"),
    "network": CostLine(
        _H200,
        _CPU,
        10.0,
        1,
        "target on an H200 that is 10 ms away, draft on two cores, one user per call",
    ),
}


@dataclass(frozen=True)
class Work:
    """What a search asks for, per user."""

    prompt: float
    """Tokens."""
    calls: float
    nodes: float
    widths: tuple[int, ...]
    """Draft widths of every level but the last; empty without a draft."""


def milliseconds(line: CostLine, work: Work, *, target: Size, draft: Size | None) -> float:
    """Compute time per user. A prompt counts once per model: it is cached between calls."""
    call = (line.target.fixed(target) + line.hop_ms) / line.users
    total = work.calls * call
    total += (work.prompt + work.nodes) / 1000 * line.target.per_thousand(target)
    if draft is None:
        return total
    # The last drafted level is proposed, not extended.
    extended = work.calls * sum(work.widths[:-1])
    total += work.calls * len(work.widths) * line.draft.fixed(draft) / line.users
    total += (work.prompt + extended) / 1000 * line.draft.per_thousand(draft)
    return total
