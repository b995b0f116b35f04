"""A directory is continued only with the options that it was started with."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightbeam_training.errors import TrainingError
from nightbeam_training.train.run_options import (
    claim_directory,
    finish_directory,
    unfinished_command,
)


def test_a_directory_is_bound_to_its_first_options(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    claim_directory(folder, "run.json", {"seed": 1, "files": ("a", "b"), "rate": None})
    claim_directory(folder, "run.json", {"rate": None, "files": ("a", "b"), "seed": 1})
    for changed, named in (
        ({"seed": 2, "files": ("a", "b"), "rate": None}, "seed 1, now it is 2"),
        ({"seed": 1, "files": ("a",), "rate": None}, "files"),
        ({"seed": 1, "files": ("a", "b"), "rate": None, "more": 3}, "more None, now it is 3"),
        ({"seed": 1, "rate": None}, "files"),
    ):
        with pytest.raises(TrainingError, match=named) as caught:
            claim_directory(folder, "run.json", changed)
        assert caught.value.code == "OTHER_RUN"
        assert str(folder) in str(caught.value)


def test_a_directory_says_whether_its_command_has_ended(tmp_path: Path) -> None:
    assert unfinished_command(tmp_path) is None
    claim_directory(tmp_path, "teacher.json", {"seed": 1})
    assert unfinished_command(tmp_path) == "nightbeam-train teacher"
    finish_directory(tmp_path, "teacher.json")
    claim_directory(tmp_path, "teacher.json", {"seed": 1})
    assert unfinished_command(tmp_path) is None
    # Written by a version that did not record it.
    (tmp_path / "target.json").write_text("{}")
    assert unfinished_command(tmp_path) is None
