"""What `nightbeam-train draft` prints while it works."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from nightbeam_training.train.log import TrainingLog, read_log

EVERY_SECONDS = 4.0


class Progress:
    """Lines with the time since the start; what is counted prints every few seconds."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo
        self._started = time.monotonic()
        self._printed = -EVERY_SECONDS
        self._stage = 0
        self._first: dict[str, tuple[int, float]] = {}

    def stage(self, title: str, *, stages: int) -> None:
        self._stage += 1
        self._echo(f"\n{self._stage} of {stages}  {title}")
        self._printed = -EVERY_SECONDS

    def say(self, line: str) -> None:
        self._echo(f"  {clock(time.monotonic() - self._started)}  {line}")

    def counted(self, unit: str, done: int, total: int) -> None:
        """A line with the rate and the time left; at the end in any case. What was done before the
        first line, by an earlier run for example, does not count for the rate."""
        now = time.monotonic()
        before, since = self._first.setdefault(unit, (done, now))
        if done < total and now - self._printed < EVERY_SECONDS:
            return
        self._printed = now
        words = f"{done:,} of {total:,} {unit}"
        if done > before:
            rate = (done - before) / max(now - since, 1e-3)
            words += f", {rate:,.0f} per second"
            words += f", {clock((total - done) / rate)} left" if done < total else ""
        self.say(words)

    def log(self, directory: Path, *, epochs: int) -> TrainingLog:
        self._note_earlier(directory, epochs, "epochs")
        return TrainingLog(directory, echo=self.say, every_seconds=EVERY_SECONDS)

    def calls_log(self, directory: Path, *, beam_widths: tuple[int, ...], counts: int) -> CallsLog:
        self._note_earlier(directory, counts, "counts")
        return CallsLog(directory, self.say, beam_widths)

    def _note_earlier(self, directory: Path, total: int, unit: str) -> None:
        if done := len(read_log(directory)):
            self.say(f"{done:,} of {total:,} {unit} were done earlier")


class CallsLog(TrainingLog):
    """A line per count: calls and nodes per held-out user at every K."""

    def __init__(
        self, directory: Path, echo: Callable[[str], None], beam_widths: tuple[int, ...]
    ) -> None:
        super().__init__(directory, echo=echo, every_seconds=EVERY_SECONDS, unit="count")
        self._beam_widths = beam_widths

    def epoch_line(
        self,
        epoch: int,
        seconds: float,
        *,
        trained: dict[str, float],
        validated: dict[str, float],
    ) -> str:
        return "   ".join(
            [f"count {epoch}", f"loss {trained['loss']:.4f}"]
            + [calls_words(validated, beam_width) for beam_width in self._beam_widths]
        )


def calls_words(figures: dict[str, float], beam_width: int) -> str:
    calls, nodes = figures[f"calls at {beam_width}"], figures[f"nodes at {beam_width}"]
    return f"K = {beam_width}: {calls:.2f} calls, {nodes:.1f} nodes"


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"
