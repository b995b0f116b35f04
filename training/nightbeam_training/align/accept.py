"""Accepted steps and calls of a draft against teacher data, without the target."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.align.batch import sequences_of
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.heads import search_model
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.tree import TreeInput, tree_input
from nightbeam_training.search.beam_search import Known, beam_search

NO_NODE = -2


@dataclass(frozen=True)
class Acceptance:
    """Sums over users."""

    users: int
    accepted_steps: int
    """Drafted steps before the first one that lacks one of the target's K prefixes."""
    calls: int
    nodes: int

    def plus(self, other: Acceptance) -> Acceptance:
        return Acceptance(
            users=self.users + other.users,
            accepted_steps=self.accepted_steps + other.accepted_steps,
            calls=self.calls + other.calls,
            nodes=self.nodes + other.nodes,
        )


class Evaluator:
    """Runs the demand-driven loop with one draft: draft, fetch, repeat until all is known.

    The target's answers count as known only at its own beams; for other drafted nodes a redraft
    uses the draft's estimates. So calls can differ slightly from those of a run. Accepted steps
    differ only if the target's K best reach a prefix that the data does not have, because its
    search had another width or its values were rounded: below it nothing counts as needed.
    """

    def __init__(
        self,
        draft: Checkpoint,
        *,
        trie: TorchTrie,
        tokens: CodeTokens,
        machine: Machine,
        scoring: Scoring,
    ) -> None:
        self._draft = draft
        self._tokens = tokens
        self._trie = trie
        self._machine = machine
        self._scoring: Scoring = scoring
        draft.model.to(machine.device)

    @torch.no_grad()
    def acceptance(
        self, examples: ExampleBatch, *, beam_width: int, draft_widths: list[int]
    ) -> Acceptance:
        """beam_width: K; draft_widths: N of every level but the last."""
        tokens, device = self._tokens, self._machine.device
        tree = tree_input(examples.prompts, examples.nodes, trie=self._trie, tokens=tokens)
        log_p, prompts = examples.log_p, examples.prompts
        best = sequences_of(tree, log_p, levels=self._trie.levels, width=beam_width)
        unknown = self._unknown_prefixes(tree, best.stopped)
        nodes = torch.cat((tree.nodes, unknown), dim=1)
        depth = torch.cat((tree.depth, self._trie.depth(unknown)), dim=1)
        lacking = torch.cat((best.beams, unknown >= 0), dim=1)
        sent = torch.full((len(prompts), 0), -1, dtype=torch.int64, device=device)
        calls, steps = 0, -1
        while bool(lacking.any()):
            known_nodes = best.beams & ~lacking[:, : best.beams.shape[1]]
            answered = Known(tree.nodes.masked_fill(~known_nodes, NO_NODE), log_p)
            with self._machine.autocast():
                found = beam_search(
                    search_model(self._draft.model),
                    prompts,
                    widths=draft_widths,
                    trie=self._trie,
                    tokens=tokens,
                    scoring=self._scoring,
                    keep=beam_width,
                    known=answered,
                )
            drafted = torch.cat([level.nodes for level in found.levels], dim=1)
            if steps < 0:
                below = lacking & (depth > 0) & ~_contained(nodes, drafted)
                steps = int((_first_depth(below, depth) - 1).clamp(max=len(draft_widths)).sum())
            # The prefixes that the search has reached are fetched whether or not they were drafted.
            missing = lacking & (depth == _first_depth(lacking, depth)[:, None])
            asked = torch.cat((drafted, nodes.masked_fill(~missing, -1)), dim=1)
            waiting = lacking.any(dim=1)
            calls += int(waiting.sum())
            sent = torch.cat((sent, asked.masked_fill(~waiting[:, None], -1)), dim=1)
            lacking = lacking & ~_contained(nodes, sent) & (depth > 0)
        return Acceptance(
            users=len(prompts), accepted_steps=steps, calls=calls, nodes=_count_distinct(sent)
        )

    def _unknown_prefixes(self, tree: TreeInput, stopped: Tensor) -> Tensor:
        """Prefixes that the target's search reaches but the data lacks, or -1: [users, count]."""
        codes = torch.arange(self._trie.codes, device=stopped.device)
        reached = self._trie.step(tree.nodes[..., None], codes).masked_fill(~stopped, -1)
        count = int(stopped.flatten(1).sum(dim=1).max())
        return reached.flatten(1).topk(count, dim=1).values


def _contained(nodes: Tensor, others: Tensor) -> Tensor:
    """Whether each node is among `others` of the same user: bool [users, nodes]."""
    return (nodes[..., None] == others[:, None, :]).any(dim=-1)


def _first_depth(lacking: Tensor, depth: Tensor) -> Tensor:
    """The smallest depth at which a user lacks a node, or the largest depth + 1: [users]."""
    return torch.where(lacking, depth, depth.max() + 1).amin(dim=1)


def _count_distinct(nodes: Tensor) -> int:
    ordered = nodes.sort(dim=1).values
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return int((first & (ordered > 0)).sum())
