"""Options that a directory was started with: it is continued only with the same options.

A file with the options also says whether the command has come to its end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing

OPTION_FILES = {
    "teacher.json": "teacher",
    "target.json": "target",
    "align.json": "align",
    "draft.json": "draft",
}
"""The file of each command that makes a directory."""
FINISHED = "finished"


def claim_directory(directory: Path, name: str, options: Mapping[str, object]) -> None:
    """Writes the options to a new directory, or compares them with those of an existing one.

    Raises TrainingError OTHER_RUN, naming the first option that differs.
    """
    path = directory / name
    asked = json.loads(json.dumps(dict(options)))
    if not path.exists():
        _write(path, {**asked, FINISHED: False})
        return
    check_options(directory, asked=asked, found=json.loads(path.read_text(encoding="utf-8")))


def check_options(
    directory: Path, *, asked: Mapping[str, object], found: Mapping[str, object]
) -> None:
    """Raises TrainingError OTHER_RUN, naming the first option that differs."""
    for field in sorted((asked.keys() | found.keys()) - {FINISHED}):
        if asked.get(field) != found.get(field):
            raise TrainingError(
                "OTHER_RUN",
                f"{directory} was started with {field} {found.get(field)}, now it is "
                f"{asked.get(field)}: give the same, or a new --out",
            )


def finish_directory(directory: Path, name: str) -> None:
    """Records that the command that claimed the directory has come to its end."""
    path = directory / name
    _write(path, {**json.loads(path.read_text(encoding="utf-8")), FINISHED: True})


def unfinished_command(directory: Path) -> str | None:
    """The command that was started in a directory and did not come to its end."""
    for name, command in OPTION_FILES.items():
        path = directory / name
        if path.exists() and not json.loads(path.read_text(encoding="utf-8")).get(FINISHED, True):
            return f"nightbeam-train {command}"
    return None


def _write(path: Path, options: Mapping[str, object]) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")
