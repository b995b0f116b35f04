"""Checks of inputs that their own files cannot make: whether they are complete, and fit a draft."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from nightbeam_training.data.catalogue import Trie
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import teacher_files
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.errors import TrainingError
from nightbeam_training.train.run_options import unfinished_command

SAMPLE = 256


def complete_teacher_files(directories: Sequence[Path]) -> list[Path]:
    """The files of the directories. Raises TrainingError BAD_TEACHER_DATA if one is unfinished."""
    for directory in directories:
        if (command := unfinished_command(directory)) is not None:
            raise TrainingError(
                "BAD_TEACHER_DATA",
                f"{directory}: {command} was interrupted before its end: run it again, and it "
                "continues",
            )
    return teacher_files(list(directories))


def note_if_unfinished(checkpoint: Path) -> None:
    """Prints a note to stderr if training has not come to its end in this directory."""
    if (command := unfinished_command(checkpoint)) is not None:
        click.echo(
            f"note: {checkpoint}: {command} was interrupted before its end; this is its best epoch "
            "so far. Run it again, and it continues",
            err=True,
        )


def check_prompts(prompts: Prompts, pool: TeacherPool, directory: Path) -> None:
    """Raises TrainingError BAD_CHECKPOINT if the draft numbers tokens differently."""
    for row in _sample(pool).prompts.cpu().numpy():
        if not _are_items(row[row >= 0], prompts):
            raise TrainingError(
                "BAD_CHECKPOINT",
                f"{directory}: numbers tokens differently from the target of the teacher data: "
                "give a draft that was trained on the target's own catalogue",
            )


def note_on_width(pool: TeacherPool, trie: Trie, width: int) -> None:
    """Prints a note to stderr if the target's search was narrower than K for most examples.

    A search that is narrower by one beam may go unnoticed: the path of the next item is known too.
    """
    first, end = trie.level_start[trie.levels - 1 : trie.levels + 1]
    nodes = _sample(pool).nodes.cpu().numpy()
    known = ((nodes >= first) & (nodes < end)).sum(axis=1)
    if np.mean(known < min(width, end - first)) > 0.5:
        click.echo(
            f"note: --beam-width {width} is wider than the search that wrote the teacher data, and "
            f"figures at that width are too good: write it with --beam-width {width} as well",
            err=True,
        )


def _sample(pool: TeacherPool) -> ExampleBatch:
    count = min(len(pool), SAMPLE)
    return pool.take(np.linspace(0, len(pool) - 1, count).astype(np.int64))


def _are_items(tokens: np.ndarray[tuple[int], np.dtype[np.int64]], prompts: Prompts) -> bool:
    """Whether these tokens are BOS and code paths of items."""
    spec, trie = prompts.spec, prompts.catalogue.trie
    start = [] if spec.prompt.bos is None else [spec.prompt.bos]
    rest = tokens[len(start) :]
    if tokens[: len(start)].tolist() != start or len(rest) % spec.levels != 0:
        return False
    nodes = np.zeros(len(rest) // spec.levels, dtype=np.int64)
    for level, given in enumerate(rest.reshape(-1, spec.levels).T):
        known = prompts.tokens.table[level]
        code = np.where(np.isin(given, known), (given[:, None] == known).argmax(axis=1), -1)
        nodes = trie.step(nodes, code)
    return bool(np.all(nodes >= 0))
