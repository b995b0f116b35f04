"""Writes teacher data for a file of histories, shard by shard; continues after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nightbeam_training.data.augment import Question
from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.teacher_files import (
    TeacherExamples,
    TeacherSource,
    write_teacher_file,
)
from nightbeam_training.teach.label import Labels, Teacher, joined

BATCH_TOKENS = 65_536


@dataclass(frozen=True)
class WriteOptions:
    beam_width: int
    shard_size: int
    """Questions per file."""
    batch_size: int
    """Maximum questions that are asked at once."""
    roll: int
    """How many times each history is asked about again with an item of the target's list
    appended."""
    seed: int
    batch_tokens: int = BATCH_TOKENS
    """Maximum tokens of their prompts, padding included; a longer prompt is asked alone."""


def write_teacher_data(
    out: Path,
    questions: list[Question],
    *,
    teacher: Teacher,
    catalogue: Catalogue,
    source: TeacherSource,
    options: WriteOptions,
    progress: Callable[[int, int], None],
) -> int:
    """Writes the missing shards; every shard is a function of seed and questions.

    progress: called with (questions answered, questions in total) after every batch. Returns how
    many prompts of these shards are too long for the target: they are left out, as in a run.
    """
    too_long = 0
    for shard, start in enumerate(range(0, len(questions), options.shard_size)):
        path = out / f"teacher-{shard:05d}.safetensors"
        asked = questions[start : start + options.shard_size]
        if not path.exists():
            rng = np.random.default_rng((options.seed, shard))
            parts: list[TeacherExamples] = []
            done = 0
            for batch, left_out in _batches(asked, teacher, options):
                done += len(batch) + left_out
                too_long += left_out
                for step in range(options.roll + 1):
                    if not batch:
                        break
                    labels = teacher.label(batch, width=options.beam_width)
                    parts.append(labels.examples)
                    if step < options.roll:
                        longer = with_sampled_item(batch, labels, catalogue=catalogue, rng=rng)
                        batch = [each for each in longer if teacher.tokens(each) is not None]
                        too_long += len(longer) - len(batch)
                progress(start + done, len(questions))
            if parts:
                write_teacher_file(path, joined(parts), source)
    return too_long


def _batches(
    asked: list[Question], teacher: Teacher, options: WriteOptions
) -> Iterator[tuple[list[Question], int]]:
    """Batches of questions of similar length, and how many were left out before each."""
    batch: list[Question] = []
    longest = left_out = 0
    for question in sorted(asked, key=lambda question: len(question.history)):
        tokens = teacher.tokens(question)
        if tokens is None:
            left_out += 1
            continue
        widest = max(longest, tokens)
        full = len(batch) == options.batch_size
        if batch and (full or widest * (len(batch) + 1) > options.batch_tokens):
            yield batch, left_out
            batch, left_out, widest = [], 0, tokens
        batch.append(question)
        longest = widest
    yield batch, left_out


def with_sampled_item(
    batch: list[Question], labels: Labels, *, catalogue: Catalogue, rng: np.random.Generator
) -> list[Question]:
    """Each history with one more item, sampled from the target's list by its probabilities."""
    items, leaf_start = catalogue.items_by_leaf
    first_leaf = int(catalogue.trie.level_start[-2])
    longer = []
    for question, leaves, scores in zip(batch, labels.best, labels.scores, strict=True):
        weights = np.exp(scores - scores.max())
        leaf = int(leaves[rng.choice(len(leaves), p=weights / weights.sum())]) - first_leaf
        item = items[int(rng.integers(leaf_start[leaf], leaf_start[leaf + 1]))]
        longer.append(replace(question, history=np.append(question.history, item), next_item=None))
    return longer
