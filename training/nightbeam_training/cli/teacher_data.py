"""Checks of inputs that their own files cannot make: whether they are complete, and fit a draft."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.prompt_kinds import ItemsPrompt
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
    """Raises TrainingError BAD_CHECKPOINT if the draft reads other prompts than the target of the
    data: other numbers of tokens, or other text around the items."""
    sample = [row[row >= 0] for row in _sample(pool).prompts.cpu().numpy()]
    vocabulary = prompts.limits.vocabulary if prompts.limits else None
    for tokens in sample:
        if vocabulary is not None and tokens.max() >= vocabulary:
            raise _differs(directory, f"{tokens.max()} is outside of its vocabulary")
    if isinstance(prompts.spec.prompt, ItemsPrompt):
        if not all(_are_items(tokens, prompts, prompts.spec.prompt) for tokens in sample):
            raise _differs(directory, "it would write other tokens for these items")
        return
    start = prompts.start()
    if not all(np.array_equal(tokens[: len(start)], start) for tokens in sample):
        raise _differs(directory, "its prompts begin with other tokens")


def _differs(directory: Path, why: str) -> TrainingError:
    return TrainingError(
        "BAD_CHECKPOINT",
        f"{directory}: numbers tokens differently from the target of the teacher data ({why}): "
        "give a draft with the nightbeam.json and the tokenizer of the target, as nightbeam-train "
        "target --like TARGET makes it",
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


def _are_items(tokens: Ints, prompts: Prompts, prompt: ItemsPrompt) -> bool:
    """Whether these tokens are a prompt of code paths of items."""
    trie, levels = prompts.catalogue.trie, prompts.spec.levels
    around = len(prompt.itemPrefix), len(prompt.itemSuffix) + len(prompt.separator)
    before, after = prompt.user_places
    first = (prompt.bos is not None) + before + around[0]
    size = around[0] + levels + around[1]
    end = len(tokens) - len(prompt.suffix) - after + len(prompt.separator)
    places = np.arange(first, max(end - around[1], first), size)[:, None] + np.arange(levels)
    if places.size and places.max() >= len(tokens):
        return False
    codes = np.full(places.shape, -1)
    for level, given in enumerate(tokens[places].T):
        known = prompts.tokens.table[level]
        codes[:, level] = np.where(
            np.isin(given, known), (given[:, None] == known).argmax(axis=1), -1
        )
    nodes = np.zeros(len(codes), dtype=np.int64)
    for level in range(levels):
        nodes = trie.step(nodes, codes[:, level])
    if np.any(nodes < 0):
        return False
    written = np.array(prompts.encode_paths(codes, {}))
    if prompt.user and len(written) == len(tokens):
        # Of the user's token, only the buckets are known.
        at = int(prompt.bos is not None) if before else len(tokens) - len(prompt.suffix) - 1
        if 0 <= tokens[at] - prompt.user.offset < prompt.user.buckets:
            written[at] = tokens[at]
    return np.array_equal(written, tokens)
