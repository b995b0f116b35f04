"""Examples in memory for batching; nodes are trie nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.teacher_files import (
    TeacherExamples,
    joined_offsets,
    read_teacher_file,
)
from nightbeam_training.errors import TrainingError

SORTED_TOGETHER = 32
"""Batches whose examples are sorted by prompt length together: less padding, still random."""


@dataclass(frozen=True)
class ExampleBatch:
    """A few examples, padded with -1 (log-probabilities with -inf)."""

    prompts: Ints
    """Padded on the left: [users, tokens]."""
    nodes: Ints
    """Trie nodes, ascending, the root first: [users, nodes]."""
    log_p: npt.NDArray[np.float32]
    """The target's log-probabilities, -inf if there is no child: [users, nodes, codes]."""
    truth: Ints
    """[users, levels]"""


class TeacherPool:
    """The examples of some files. Values stay ragged float16 until a batch needs them."""

    def __init__(self, files: list[Path], trie: Trie) -> None:
        self._trie = trie
        parts = [read_teacher_file(path) for path in files]
        nodes = [_trie_nodes(part, trie, path) for part, path in zip(parts, files, strict=True)]
        self._prompt_start = joined_offsets([part.prompt_offsets for part in parts])
        self._prompt_tokens = np.concatenate([part.prompt_tokens for part in parts])
        self._node_start = joined_offsets([part.node_offsets for part in parts])
        self._nodes = np.concatenate(nodes)
        self._value_start = joined_offsets([part.value_offsets for part in parts])
        self._values = np.concatenate([part.values for part in parts])
        self.truth: Ints = np.concatenate([part.truth for part in parts]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def prompt_lengths(self) -> Ints:
        return np.diff(self._prompt_start)

    def take(self, examples: Ints) -> ExampleBatch:
        prompt_rows, prompt_at = _ragged(self._prompt_start, examples)
        node_rows, node_at = _ragged(self._node_start, examples)
        lengths = self.prompt_lengths[examples]
        prompts = np.full((len(examples), int(lengths.max())), -1, dtype=np.int64)
        column = _within(prompt_rows) + (prompts.shape[1] - lengths)[prompt_rows]
        prompts[prompt_rows, column] = self._prompt_tokens[prompt_at]
        place = _within(node_rows)
        shape = (len(examples), int(place.max()) + 1)
        nodes = np.full(shape, -1, dtype=np.int64)
        nodes[node_rows, place] = self._nodes[node_at]
        log_p = np.full((*shape, self._trie.codes), -np.inf, dtype=np.float32)
        value_rows, value_at = _ragged(self._value_start, node_at)
        edges = self._trie.children(self._nodes[node_at])[1]
        codes = self._trie.edge_code[edges]
        log_p[node_rows[value_rows], place[value_rows], codes] = self._values[value_at]
        return ExampleBatch(prompts=prompts, nodes=nodes, log_p=log_p, truth=self.truth[examples])

    def batches(self, examples: Ints, *, size: int, rng: np.random.Generator) -> Iterator[Ints]:
        """Each example once, in random order; prompts of a batch have similar lengths."""
        order = rng.permutation(examples)
        lengths = self.prompt_lengths
        cuts: list[Ints] = []
        for start in range(0, len(order), size * SORTED_TOGETHER):
            block = order[start : start + size * SORTED_TOGETHER]
            block = block[np.argsort(lengths[block], kind="stable")]
            cuts.extend(np.split(block, range(size, len(block), size)))
        for at in rng.permutation(len(cuts)):
            yield cuts[at]


def _trie_nodes(part: TeacherExamples, trie: Trie, path: Path) -> Ints:
    """Trie node of every entry; parents come first, so one pass per level finds them all."""
    starts = part.node_offsets[:-1]
    parent = part.node_parent + np.repeat(starts, np.diff(part.node_offsets))
    nodes = np.where(part.node_parent < 0, 0, -1).astype(np.int64)
    for _ in range(trie.levels - 1):
        above = np.where(part.node_parent < 0, -1, nodes[np.maximum(parent, 0)])
        nodes = np.where(nodes >= 0, nodes, trie.step(above, part.node_code.astype(np.int64)))
    if (
        part.truth.shape[1] != trie.levels
        or np.any(nodes < 0)
        or np.any(
            trie.child_start[nodes + 1] - trie.child_start[nodes] != np.diff(part.value_offsets)
        )
    ):
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: has nodes that are not in the catalogue")
    return nodes


def _ragged(start: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """(position in `rows`, index in the flat array) of every element of those rows."""
    counts = start[rows + 1] - start[rows]
    owner = np.repeat(np.arange(len(rows)), counts)
    return owner, _within(owner) + start[rows][owner]


def _within(owner: Ints) -> Ints:
    """Index of each element within its owner; `owner` is ascending."""
    if len(owner) == 0:
        return owner
    first = np.searchsorted(owner, np.arange(int(owner[-1]) + 1))
    return np.arange(len(owner)) - first[owner]
