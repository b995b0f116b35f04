"""The loop on a straight line: the same bits after an interruption, the best epoch, files."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nightbeam_training.train.log import TrainingLog
from train.straight_line import OPTIONS, STEPS, Run, StoppedError


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def rows(directory: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (directory / "log.jsonl").read_text().splitlines()]


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    runs = [Run(tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    for run in runs:
        run.go()
    assert same(runs[0].weights(), runs[1].weights())
    assert not same(runs[0].weights(), runs[2].weights())


@pytest.mark.parametrize("stop_at", [1, 3, 5, 6, 9, 15])
def test_interrupted_and_continued_is_the_same_to_the_bit(tmp_path: Path, stop_at: int) -> None:
    whole = Run(tmp_path / "whole")
    expected = whole.go()
    stopped = Run(tmp_path / "parts", stop_at=stop_at)
    with pytest.raises(StoppedError):
        stopped.go()
    # With other initial weights: everything that counts is in the directory.
    continued = Run(tmp_path / "parts", seed=0 if stop_at == 1 else 5)
    found = continued.go()
    assert same(whole.weights(), continued.weights())
    assert continued.losses == 3 * STEPS - (stop_at - 1)
    assert replace(found, seconds=0) == replace(expected, seconds=0)
    figures = [
        [{**row, "seconds": 0} for row in rows(tmp_path / name)] for name in ("whole", "parts")
    ]
    assert figures[0] == figures[1]


def test_work_since_the_last_save_is_repeated(tmp_path: Path) -> None:
    options = replace(OPTIONS, save_minutes=60.0)
    whole = Run(tmp_path / "whole", options=options)
    whole.go()
    stopped = Run(tmp_path / "parts", options=options, stop_at=9)
    with pytest.raises(StoppedError):
        stopped.go()
    continued = Run(tmp_path / "parts", options=options)
    continued.go()
    assert continued.losses == 2 * STEPS
    assert same(whole.weights(), continued.weights())


def test_finished_epochs_are_not_repeated(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.go()
    again = Run(tmp_path)
    again.go()
    assert again.losses == again.validations == 0
    assert same(first.weights(), again.weights())


def test_the_best_epoch_is_kept_and_patience_ends(tmp_path: Path) -> None:
    scores = [0.0, 1.0, 3.0, 2.0, 3.0, 9.0]
    options = replace(OPTIONS, epochs=6, patience=2)
    run = Run(tmp_path, options=options, score_of=scores.__getitem__)
    progress = run.go()
    assert (progress.best_epoch, progress.best, progress.epoch) == (2, 3.0, 4)
    assert len(run.kept) == 2
    assert not same(run.kept[-1], run.weights())


def test_without_patience_all_epochs_are_run(tmp_path: Path) -> None:
    run = Run(tmp_path, options=replace(OPTIONS, epochs=4), score_of=lambda number: -number)
    progress = run.go()
    assert (progress.epoch, progress.best_epoch) == (4, 1)


def test_writes_a_line_per_epoch_and_the_curves(tmp_path: Path) -> None:
    run = Run(tmp_path)
    progress = run.go()
    written = rows(tmp_path)
    assert [row["epoch"] for row in written] == [1, 2, 3]
    for row in written:
        assert 0 < row["train"]["sometimes"] != row["train"]["loss"]
        assert row["train"]["twice"] == pytest.approx(2 * row["train"]["loss"])
        assert list(row["validation"]) == ["score"]
    assert written[-1]["train"]["loss"] < written[0]["train"]["loss"]
    assert max(row["validation"]["score"] for row in written) == progress.best
    assert (tmp_path / "curves.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [line.split()[:2] for line in run.lines] == [["epoch", str(n)] for n in (1, 2, 3)]
    assert run.lines[0].endswith("best")


def test_progress_has_a_rate_and_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 2.0, 12.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    lines: list[str] = []
    log = TrainingLog(tmp_path, echo=lines.append, every_seconds=10)
    # The run continues at step 41: it has made 20 steps, not 60.
    log.step(2, 41, 100, 1.25)
    log.step(2, 60, 100, 1.25)
    assert lines == [
        "  epoch 2: step 60 of 100   loss 1.2500   1.7 steps/s, 24 s to the epoch's end"
    ]


def test_a_state_that_cannot_be_written_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        Run(tmp_path).go()


class Doubled(Run):
    """Every batch twice."""

    steps = 2 * STEPS

    def batches(self, epoch: int, first: int) -> Iterator[Tensor]:
        twice = (each for batch in super().batches(epoch, 0) for each in (batch, batch))
        yield from islice(twice, first, None)


def test_accumulated_batches_are_one_step(tmp_path: Path) -> None:
    single, double = Run(tmp_path / "single"), Doubled(tmp_path / "double")
    double.options = replace(OPTIONS, accumulate=2)
    single.go()
    double.go()
    for name, weight in single.weights().items():
        torch.testing.assert_close(double.weights()[name], weight)


@pytest.mark.parametrize("stop_at", [2, 4, 5, 8])
def test_an_interrupted_step_is_repeated_as_a_whole(tmp_path: Path, stop_at: int) -> None:
    # Steps of two batches, two, and one.
    options = replace(OPTIONS, accumulate=2)
    whole = Run(tmp_path / "whole", options=options)
    whole.go()
    stopped = Run(tmp_path / "parts", options=options, stop_at=stop_at)
    with pytest.raises(StoppedError):
        stopped.go()
    Run(tmp_path / "parts", options=options, seed=0 if stop_at == 2 else 5).go()
    continued = Run(tmp_path / "parts", options=options)
    continued.go()
    assert same(whole.weights(), continued.weights())
    assert continued.losses == 0
