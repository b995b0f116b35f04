"""A user's files before the first command, and helpers to run commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from world import World

from nightbeam_training.cli.main import commands
from nightbeam_training.errors import TrainingError

ONE_THREAD = ["--threads", "1", "--device", "cpu"]
SHORT = [*ONE_THREAD, "--epochs", "1", "--batch-size", "8", "--validation", "5"]
SMALL = ["--layers", "1", "--width", "8", "--heads", "2", "--feed-forward", "8", "--max-items", "3"]


@dataclass(frozen=True)
class Place:
    """A user's files before the first command."""

    folder: Path
    world: World
    catalogue: Path
    histories: Path

    def data(self) -> list[object]:
        return ["--catalogue", self.catalogue, "--histories", self.histories]


def run(*arguments: object) -> str:
    result = CliRunner().invoke(commands, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: object) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        run(*arguments)
    return caught.value


def align_arguments(place: Place, made: dict[str, Path], out: Path) -> list[object]:
    return [
        *("align", "--draft", made["draft"], "--teacher", made["teacher"]),
        *("--catalogue", place.catalogue, "--out", out),
        *("--beam-width", 4, "--draft-width", 6, *SHORT),
    ]
