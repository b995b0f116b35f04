"""Files with one JSON value per line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from nightbeam_training.errors import Code, TrainingError


def json_lines(path: Path, code: Code) -> Iterator[tuple[str, object]]:
    """(place for messages, value) of each line that is not blank.

    Raises TrainingError with `code`, naming the line that is not JSON.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    place = f"{path}, line {number}"
                    yield place, _parsed(place, line, code)
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(code, f"{path}: cannot be read: {error}") from error


def _parsed(place: str, line: str, code: Code) -> object:
    try:
        value: object = json.loads(line)
        return value
    except ValueError as error:
        raise TrainingError(code, f"{place}: is not JSON: {error}") from error
