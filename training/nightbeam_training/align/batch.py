"""Teacher examples as input for the draft's forward pass and the objectives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nightbeam_training.align.answers import Sequences, best_sequences
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.token_scores import TokenScores, token_scores
from nightbeam_training.model.tree import TreeInput, tree_hidden, tree_input


@dataclass(frozen=True)
class AlignBatch:
    tree: TreeInput
    log_p: Tensor
    """The target's log-probabilities, -inf if there is no child: [users, nodes, codes]."""
    tokens_at: Tensor
    """Tokens of the codes that may follow each node: [users, nodes, codes]."""
    truth_row: Tensor
    """Node before each code of the true path, -1 if unknown: [users, levels]."""
    truth_code: Tensor
    """Codes of the item that the user took next, -1 if unknown: [users, levels]."""
    prompts: Tensor
    """Padded with -1 on the left: [users, tokens]."""
    width: int
    """K"""
    ranked_by: Tensor
    """Log-probabilities that rank the K best sequences: the target's, or the draft's if it
    generated the beams. [users, nodes, codes]"""

    @property
    def levels(self) -> int:
        return self.truth_code.shape[1]

    @cached_property
    def sequences(self) -> Sequences:
        """The K best sequences, computed on demand: not every objective needs them."""
        return sequences_of(self.tree, self.ranked_by, levels=self.levels, width=self.width)


def align_batch(
    examples: ExampleBatch,
    *,
    trie: TorchTrie,
    tokens: CodeTokens,
    width: int,
    log_q: Tensor | None = None,
) -> AlignBatch:
    """width: K. log_q: ranks the K best. Default: the target's log-probabilities."""
    tree = tree_input(examples.prompts, examples.nodes, trie=trie, tokens=tokens)
    return AlignBatch(
        tree=tree,
        log_p=examples.log_p,
        tokens_at=tokens.on(tree.nodes.device)[tree.depth],
        truth_row=truth_rows(examples.nodes, examples.truth, trie),
        truth_code=examples.truth,
        prompts=examples.prompts,
        width=width,
        ranked_by=examples.log_p if log_q is None else log_q,
    )


def drafted_levels(examples: ExampleBatch, trie: TorchTrie) -> ExampleBatch:
    """The examples without the nodes whose children are items.

    Runs never use a draft's answer for those: a search that needs them asks the target.
    """
    first = int(trie.level_start[trie.levels - 1])
    count = int((examples.nodes < first).sum(dim=1).max())
    nodes, log_p = examples.nodes[:, :count], examples.log_p[:, :count]
    beyond = nodes >= first
    return ExampleBatch(
        prompts=examples.prompts,
        nodes=nodes.masked_fill(beyond, -1),
        log_p=log_p.masked_fill(beyond[..., None], -torch.inf),
        truth=examples.truth,
    )


def node_scores(model: Llama, batch: AlignBatch) -> TokenScores:
    """Scores of the codes that may follow each node: [users, nodes, codes]."""
    return token_scores(model, tree_hidden(model, batch.tree), batch.tokens_at)


def sequences_of(tree: TreeInput, log_probs: Tensor, *, levels: int, width: int) -> Sequences:
    return best_sequences(
        log_probs,
        depth=tree.depth,
        parent=tree.parent,
        code=tree.code,
        real=tree.nodes >= 0,
        levels=levels,
        width=width,
    )


def truth_rows(nodes: Tensor, truth: Tensor, trie: TorchTrie) -> Tensor:
    """Index of the node before each true code, -1 if there is none: [users, levels]."""
    rows = []
    at = torch.where(truth[:, 0] >= 0, 0, -1)
    for level in range(trie.levels):
        same = (nodes == at[:, None]) & (at[:, None] >= 0)
        rows.append(torch.where(same.any(dim=1), same.int().argmax(dim=1), -1))
        at = trie.step(at, truth[:, level])
    return torch.stack(rows, dim=1)
