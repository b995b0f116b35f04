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


class TrainingLog:
    """One line per epoch, and occasional progress within one."""

    def __init__(
        self, directory: Path, *, echo: Callable[[str], None], every_seconds: float = 30.0
    ) -> None:
        self._directory = directory
        self._echo = echo
        self._every = every_seconds
        self._told = time.monotonic()

    def step(self, epoch: int, step: int, steps: int, loss: float) -> None:
        now = time.monotonic()
        if now - self._told >= self._every:
            self._told = now
            self._echo(f"  epoch {epoch}: step {step:,} of {steps:,}   loss {loss:.4f}")

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
        rows = [*read_log(self._directory), row]
        with replacing(self._directory / LOG_FILE) as partial:
            partial.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
        figures = "   ".join(
            [f"{name} {value:.4f}" for name, value in trained.items()]
            + [f"validation {name} {value:.4f}" for name, value in validated.items()]
        )
        self._echo(f"epoch {epoch}   {seconds:,.0f} s   {figures}{'   best' if best else ''}")
        self._told = time.monotonic()
        draw_curves(rows, self._directory / CURVES_FILE)


def read_log(directory: Path) -> list[dict[str, Any]]:
    """The logged epochs, none if there is no log yet."""
    path = directory / LOG_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
