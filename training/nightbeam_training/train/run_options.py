"""Options that a directory was started with: it is continued only with the same options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nightbeam_training.errors import TrainingError


def claim_directory(directory: Path, name: str, options: Mapping[str, object]) -> None:
    """Writes the options to a new directory, or compares them with those of an existing one.

    Raises TrainingError OTHER_RUN, naming the first option that differs.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    asked = json.loads(json.dumps(dict(options)))
    if not path.exists():
        path.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
        return
    check_options(directory, asked=asked, found=json.loads(path.read_text(encoding="utf-8")))


def check_options(
    directory: Path, *, asked: Mapping[str, object], found: Mapping[str, object]
) -> None:
    """Raises TrainingError OTHER_RUN, naming the first option that differs."""
    for field in sorted(asked.keys() | found.keys()):
        if asked.get(field) != found.get(field):
            raise TrainingError(
                "OTHER_RUN",
                f"{directory} was started with {field} {found.get(field)}, now it is "
                f"{asked.get(field)}: give the same, or a new --out",
            )
