"""Teacher examples as input for the draft's forward pass and the objectives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nightbeam_training.align.beam_scores import Sequences, sequences_of
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.code_model import OutputLayer
from nightbeam_training.model.models import Model
from nightbeam_training.model.token_scores import TokenScores, token_scores
from nightbeam_training.model.tree import TreeInput, tree_hidden, tree_input


@dataclass(frozen=True)
class AlignBatch:
    tree: TreeInput
    log_p: Tensor
    """The target's log-probabilities, -inf if there is no child: [users, nodes, codes]."""
    tokens_at: Tensor
    """Tokens of the codes that may follow each node: [users, nodes, codes]."""
    truth_code: Tensor
    """Codes of the item that the user took next, -1 if unknown: [users, levels]."""
    prompts: Tensor
    """Padded with -1 on the left: [users, tokens]."""
    width: int
    """K"""
    ranked_by: Tensor
    """Log-probabilities that rank the K best sequences: the target's, or the draft's if it
    generated the beams. [users, nodes, codes]"""
    trie: TorchTrie

    @property
    def levels(self) -> int:
        return self.trie.levels

    # Computed on demand: not every objective needs them.
    @cached_property
    def truth_row(self) -> Tensor:
        """Index of the node before each code of the true path, -1 if unknown: [users, levels]."""
        rows = []
        at = torch.where(self.truth_code[:, 0] >= 0, 0, -1)
        for level in range(self.levels):
            same = (self.tree.nodes == at[:, None]) & (at[:, None] >= 0)
            rows.append(torch.where(same.any(dim=1), same.int().argmax(dim=1), -1))
            at = self.trie.step(at, self.truth_code[:, level])
        return torch.stack(rows, dim=1)

    @cached_property
    def sequences(self) -> Sequences:
        """The K best sequences."""
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
        truth_code=examples.truth,
        prompts=examples.prompts,
        width=width,
        ranked_by=examples.log_p if log_q is None else log_q,
        trie=trie,
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


@dataclass(frozen=True)
class DraftScores:
    """What a loss needs of a draft."""

    codes: TokenScores
    """Of the codes that may follow each node [users, nodes, codes]; for heads, of those of each
    level but the last [users, levels - 1, codes]."""
    prompt: TokenScores | None
    """Of the token after each token of the prompt but the last: [users, tokens - 1, 1]."""


def draft_scores(model: Model, batch: AlignBatch, *, prompt: bool) -> DraftScores:
    """One forward pass over prompts and trees. prompt: whether the loss needs the prompt's own
    tokens."""
    hidden = tree_hidden(model, batch.tree, whole=prompt)
    nodes = batch.tokens_at.shape[1]
    return DraftScores(
        codes=token_scores(model, hidden[:, -nodes:], batch.tokens_at),
        prompt=prompt_scores(model, hidden, batch) if prompt else None,
    )


def prompt_scores(model: OutputLayer, hidden: Tensor, batch: AlignBatch) -> TokenScores | None:
    """Scores of each prompt's own tokens, None for prompts of one token, which have nothing to
    predict. hidden: of all of the prompt's positions, and perhaps more, [users, positions, width].
    """
    following = batch.prompts[:, 1:].clamp(min=0)
    count = following.shape[1]
    return token_scores(model, hidden[:, :count], following[..., None]) if count > 0 else None
