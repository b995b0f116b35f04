"""The one error class of this package: invalid input."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "BAD_CATALOGUE",
    "BAD_HISTORIES",
    "BAD_CHECKPOINT",
    "BAD_TEACHER_DATA",
    "BAD_VECTORS",
    "BAD_OPTION",
    "OTHER_RUN",
    "TOO_LARGE",
    "DIVERGED",
]


class TrainingError(Exception):
    """Invalid input, with a code of a closed set; the message names the place and the remedy."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
