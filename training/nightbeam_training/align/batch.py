"""Teacher examples as input for the draft's forward pass and the objectives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.align.answers import Sequences, best_sequences
from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.model.tree import TreeInput, tree_input


@dataclass(frozen=True)
class AlignBatch:
    tree: TreeInput
    log_p: Tensor
    """The target's log-probabilities, -inf if there is no child: [users, nodes, codes]."""
    tokens_at: Tensor
    """Tokens of the codes that may follow each node: [users, nodes, codes]."""
    truth_row: Tensor
    """Node before each code of the true path, -1 if unknown: [users, levels]."""
    truth_token: Tensor
    """[users, levels]"""
    width: int
    """K"""
    ranked_by: Tensor
    """Log-probabilities that rank the K best sequences: the target's, or the draft's if it
    generated the beams. [users, nodes, codes]"""

    @cached_property
    def sequences(self) -> Sequences:
        """The K best sequences, computed on demand: not every objective needs them."""
        return sequences_of(self.tree, self.ranked_by, self.width)


def align_batch(
    examples: ExampleBatch,
    *,
    trie: Trie,
    tokens: CodeTokens,
    width: int,
    device: torch.device,
    log_q: Tensor | None = None,
) -> AlignBatch:
    """width: K. log_q: ranks the K best. Default: the target's log-probabilities."""
    tree = tree_input(examples.prompts, examples.nodes, trie=trie, tokens=tokens).to(device)
    log_p = torch.from_numpy(examples.log_p).to(device)
    rows, truth = truth_rows(examples.nodes, examples.truth, trie=trie, tokens=tokens)
    return AlignBatch(
        tree=tree,
        log_p=log_p,
        tokens_at=tokens.on(device)[tree.depth],
        truth_row=torch.from_numpy(rows).to(device),
        truth_token=torch.from_numpy(truth).to(device),
        width=width,
        ranked_by=log_p if log_q is None else log_q,
    )


def sequences_of(tree: TreeInput, log_probs: Tensor, width: int) -> Sequences:
    return best_sequences(
        log_probs,
        depth=tree.depth,
        parent=tree.parent,
        code=tree.code,
        real=tree.nodes >= 0,
        width=width,
    )


def truth_rows(nodes: Ints, truth: Ints, *, trie: Trie, tokens: CodeTokens) -> tuple[Ints, Ints]:
    """(index of the node before each true code, -1 if there is none; the code's token), both
    [users, levels]."""
    rows = np.full(truth.shape, -1, dtype=np.int64)
    at = np.where(truth[:, 0] >= 0, 0, -1)
    for level in range(trie.levels):
        same = (nodes == at[:, None]) & (at[:, None] >= 0)
        rows[:, level] = np.where(same.any(axis=1), same.argmax(axis=1), -1)
        at = trie.step(at, truth[:, level])
    return rows, np.where(truth >= 0, tokens.of(truth), 0)
