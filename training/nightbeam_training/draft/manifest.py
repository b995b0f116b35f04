"""`draft.json`: the options that a draft was made with, what was decided, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing
from nightbeam_training.train.run_options import check_options

MANIFEST_FILE = "draft.json"
Decision = TypeVar("Decision", bound=BaseModel)


class _Contents(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: int = 1
    options: dict[str, object]
    decided: dict[str, object] = {}
    """By what was measured on this machine: an interrupted run keeps to it."""
    result: dict[str, object] | None = None
    finished: bool = False


class Manifest:
    """The manifest of a directory; written after every change, atomically."""

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        """Raises TrainingError OTHER_RUN if the directory was started with other options."""
        self._path = directory / MANIFEST_FILE
        asked: dict[str, object] = json.loads(json.dumps(dict(options)))
        if not self._path.exists():
            self._contents = _Contents(options=asked)
            self._write()
            return
        try:
            self._contents = _Contents.model_validate_json(self._path.read_bytes())
        except ValidationError as error:
            raise TrainingError(
                "OTHER_RUN", f"{self._path}: cannot be read; give a new --out"
            ) from error
        check_options(directory, asked=asked, found=self._contents.options)

    def decided(self, kind: type[Decision]) -> Decision | None:
        """What was decided before, if it was."""
        found = self._contents.decided.get(kind.__name__)
        return None if found is None else kind.model_validate(found)

    def decide(self, kind: type[Decision], make: Callable[[], Decision]) -> Decision:
        """What was decided before, or what `make` returns now."""
        if (found := self.decided(kind)) is not None:
            return found
        decision = make()
        self._contents.decided[kind.__name__] = decision.model_dump()
        self._write()
        return decision

    def finish(self, result: Mapping[str, object]) -> None:
        self._contents.result, self._contents.finished = dict(result), True
        self._write()

    def _write(self) -> None:
        with replacing(self._path) as partial:
            partial.write_text(
                json.dumps(self._contents.model_dump(), indent=2) + "\n", encoding="utf-8"
            )
