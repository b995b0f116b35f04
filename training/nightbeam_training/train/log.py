"""Output of a training run: lines on the terminal, `log.jsonl`, `curves.png`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nightbeam_training.files import replacing
from nightbeam_training.train.curves import draw_curves

LOG_FILE, CURVES_FILE = "log.jsonl", "curves.png"
DRAWN_AGAIN = 30.0
"""Seconds between pictures: one takes as long as some epochs."""


class TrainingLog:
    """One line per epoch, and occasional progress within one."""

    def __init__(
        self,
        directory: Path,
        *,
        echo: Callable[[str], None],
        every_seconds: float = 10.0,
        unit: str = "epoch",
    ) -> None:
        """unit: what an epoch is called."""
        self._directory = directory
        self._echo = echo
        self._every = every_seconds
        self._unit = unit
        self._printed = self._drawn = time.monotonic()
        self._last_step: int | None = None

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        now = time.monotonic()
        if self._last_step is None:
            # A run that continues begins in the middle of an epoch.
            self._last_step = step - 1
        if now - self._printed < self._every:
            return
        rate = max(step - self._last_step, 1) / (now - self._printed)
        self._echo(
            f"  {self._unit} {epoch}: step {step:,} of {steps:,}   loss {loss:.4f}   "
            f"{rate:.1f} steps/s, {(steps - step) / rate:,.0f} s to the {self._unit}'s end"
        )
        self._printed, self._last_step = now, step

    def epoch(
        self,
        epoch: int,
        seconds: float,
        *,
        trained: dict[str, float],
        validated: dict[str, float],
        best: bool,
    ) -> None:
        row = {
            "epoch": epoch,
            "seconds": round(seconds, 1),
            "train": trained,
            "validation": validated,
        }
        # An epoch whose state was not saved before an interruption is trained again.
        before = [each for each in read_log(self._directory) if each["epoch"] < epoch]
        rows = [*before, row]
        with replacing(self._directory / LOG_FILE) as partial:
            partial.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
        line = self.epoch_line(epoch, seconds, trained=trained, validated=validated)
        self._echo(f"{line}{'   best' if best else ''}")
        self._printed, self._last_step = time.monotonic(), None
        if len(rows) == 1 or self._printed - self._drawn >= DRAWN_AGAIN:
            self.draw()

    def epoch_line(
        self,
        epoch: int,
        seconds: float,
        *,
        trained: dict[str, float],
        validated: dict[str, float],
    ) -> str:
        """What is printed about a finished epoch."""
        figures = [f"{name} {value:.4f}" for name, value in trained.items()]
        figures += [f"validation {name} {value:.4f}" for name, value in validated.items()]
        return "   ".join([f"{self._unit} {epoch}", f"{seconds:,.0f} s", *figures])

    def draw(self) -> None:
        """Draws the curves of the epochs so far."""
        draw_curves(read_log(self._directory), self._directory / CURVES_FILE)
        self._drawn = time.monotonic()


def read_log(directory: Path) -> list[dict[str, Any]]:
    """The logged epochs, none if there is no log yet."""
    path = directory / LOG_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
