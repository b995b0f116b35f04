"""The installed package: it imports, includes its types, and has one error class."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from typing import get_args

import pytest

import nightbeam_training
from nightbeam_training.errors import Code, TrainingError


def test_is_installed_under_its_name() -> None:
    assert version("nightbeam-training")
    assert nightbeam_training.__name__ == "nightbeam_training"


def test_carries_its_types() -> None:
    assert files("nightbeam_training").joinpath("py.typed").is_file()


@pytest.mark.parametrize("code", get_args(Code))
def test_an_error_has_a_code_and_prints_as_its_message(code: Code) -> None:
    error = TrainingError(code, "items.json: the remedy")
    assert error.code == code
    assert str(error) == "items.json: the remedy"
