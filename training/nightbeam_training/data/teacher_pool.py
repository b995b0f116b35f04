"""Examples in memory for batching; nodes are trie nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.closing_levels import KnownNodes, complete
from nightbeam_training.data.teacher_files import (
    TeacherExamples,
    joined_offsets,
    read_teacher_file,
)
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.errors import TrainingError

SORTED_TOGETHER = 32
"""Batches whose examples are sorted by prompt length together: less padding, still random."""
CPU = torch.device("cpu")


@dataclass(frozen=True)
class ExampleBatch:
    """A few examples, padded with -1 (log-probabilities with -inf)."""

    prompts: Tensor
    """Padded on the left: [users, tokens]."""
    nodes: Tensor
    """Trie nodes, ascending, the root first: [users, nodes]."""
    log_p: Tensor
    """The target's log-probabilities, -inf if there is no child: float32 [users, nodes, codes]."""
    truth: Tensor
    """[users, levels]"""


class TeacherPool:
    """The examples of some files, on the device that trains.

    Values stay ragged float16 until a batch needs them. Sizes of batches are computed on the host,
    so that taking one does not wait for the device.
    """

    def __init__(self, files: list[Path], trie: Trie, device: torch.device = CPU) -> None:
        self.trie = TorchTrie(trie, device)
        parts = [read_teacher_file(path) for path in files]
        known = [_known(part, trie, path) for part, path in zip(parts, files, strict=True)]
        truth = np.concatenate([part.truth for part in parts]).astype(np.int64)
        closed = np.where(truth[:, :1] < 0, -1, np.zeros((1, trie.closing), dtype=np.int64))
        self.truth: Ints = np.concatenate([truth, closed], axis=1)
        prompt_start = joined_offsets([part.prompt_offsets for part in parts])
        node_start = joined_offsets([each.offsets for each in known])
        self.prompt_lengths: Ints = np.diff(prompt_start)
        self._node_counts: Ints = np.diff(node_start)
        self._prompts = _Ragged(
            prompt_start, np.concatenate([part.prompt_tokens for part in parts]), device
        )
        self._nodes = _Ragged(node_start, np.concatenate([each.nodes for each in known]), device)
        self._values = _Ragged(
            joined_offsets([each.value_offsets for each in known]),
            np.concatenate([each.values for each in known]),
            device,
        )
        self._truth = torch.from_numpy(self.truth).to(device)

    def __len__(self) -> int:
        return len(self.truth)

    def take(self, examples: Ints) -> ExampleBatch:
        rows = torch.from_numpy(examples).to(self._truth.device, non_blocking=True)
        tokens = int(self.prompt_lengths[examples].max())
        count = int(self._node_counts[examples].max())
        prompts, _ = self._prompts.padded(rows, tokens, fill=-1, left=True)
        nodes, at = self._nodes.padded(rows, count, fill=-1)
        values, _ = self._values.padded(at, self.trie.max_children, fill=-torch.inf)
        codes, _ = self.trie.children(nodes)
        # Padding falls into one more column; of a padded node, everything is padding.
        shape = (len(examples), count, self.trie.codes + 1)
        log_p = torch.full(shape, -torch.inf, device=rows.device)
        log_p = log_p.scatter(-1, codes, values.float())[..., :-1].contiguous()
        return ExampleBatch(
            prompts=prompts.long(), nodes=nodes, log_p=log_p, truth=self._truth[rows]
        )

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


class _Ragged:
    """Rows of different lengths in one flat tensor."""

    def __init__(self, start: Ints, flat: np.ndarray, device: torch.device) -> None:
        """start: [rows + 1]; flat: the rows' elements, one row after the other."""
        self._start = torch.from_numpy(start).to(device)
        self._flat = torch.from_numpy(flat).to(device)

    def padded(
        self, rows: Tensor, width: int, *, fill: float, left: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Those rows padded to `width`, on the right or on the left, and the place of each element
        in the flat tensor: both [..., width]."""
        first = self._start[rows]
        lengths = self._start[rows + 1] - first
        column = torch.arange(width, device=rows.device)
        column = column - (width - lengths)[..., None] if left else column.expand(*rows.shape, -1)
        there = (column >= 0) & (column < lengths[..., None])
        at = torch.where(there, first[..., None] + column, 0)
        return torch.where(there, self._flat[at], fill), at


def _known(part: TeacherExamples, trie: Trie, path: Path) -> KnownNodes:
    known = KnownNodes(
        offsets=part.node_offsets,
        nodes=_trie_nodes(part, trie, path),
        value_offsets=part.value_offsets,
        values=part.values,
    )
    return complete(known, trie)


def _trie_nodes(part: TeacherExamples, trie: Trie, path: Path) -> Ints:
    """Trie node of every entry; parents come first, so one pass per level finds them all."""
    starts = part.node_offsets[:-1]
    parent = part.node_parent + np.repeat(starts, np.diff(part.node_offsets))
    nodes = np.where(part.node_parent < 0, 0, -1).astype(np.int64)
    for _ in range(trie.levels - 1):
        above = np.where(part.node_parent < 0, -1, nodes[np.maximum(parent, 0)])
        nodes = np.where(nodes >= 0, nodes, trie.step(above, part.node_code.astype(np.int64)))
    if (
        part.truth.shape[1] != trie.levels - trie.closing
        or np.any(nodes < 0)
        or np.any(
            trie.child_start[nodes + 1] - trie.child_start[nodes] != np.diff(part.value_offsets)
        )
    ):
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: has nodes that are not in the catalogue")
    return nodes
