"""Accepted steps and calls of a draft against teacher data, without the target."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.align.beam_scores import Sequences, sequences_of
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.heads import search_model
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.tree import TreeInput, tree_input
from nightbeam_training.search.beam_search import Known, beam_search


@dataclass(frozen=True)
class Acceptance:
    """Sums over users."""

    users: int
    accepted_steps: int
    """Drafted steps of the first call before one that lacks a prefix that the search asks about."""
    calls: int
    """Until the list is complete."""
    nodes: int
    """Distinct prefixes that the target is asked about, the root not counted."""

    def plus(self, other: Acceptance) -> Acceptance:
        return Acceptance(
            users=self.users + other.users,
            accepted_steps=self.accepted_steps + other.accepted_steps,
            calls=self.calls + other.calls,
            nodes=self.nodes + other.nodes,
        )


@dataclass(frozen=True)
class UserFigures:
    """The same for each user: [users]."""

    accepted_steps: Tensor
    calls: Tensor
    nodes: Tensor


class Evaluator:
    """Runs the demand-driven loop of the runtime with one draft: draft, ask, repeat until all is
    known.

    Counts as the runtime does: under `renormalized` scoring a prefix with one child is certain, so
    nobody asks about it. Figures differ from a run's only by what the data does not have. A run
    knows the target's answer for everything that it sent; here the answers of prefixes outside the
    data are unknown, and a redraft uses the draft's estimates. If the target's K best reach such a
    prefix, because the search that wrote the data was narrower or its values were rounded, nothing
    below it counts as needed. A run that excludes items asks about other prefixes.
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

    def acceptance(
        self, examples: ExampleBatch, *, beam_width: int, draft_widths: list[int]
    ) -> Acceptance:
        """beam_width: K; draft_widths: N of every level but the last."""
        found = self.per_user(examples, beam_width=beam_width, draft_widths=draft_widths)
        figures = torch.stack((found.accepted_steps, found.calls, found.nodes))
        return Acceptance(len(found.calls), *figures.sum(dim=1).tolist())

    @torch.no_grad()
    def per_user(
        self, examples: ExampleBatch, *, beam_width: int, draft_widths: list[int]
    ) -> UserFigures:
        """beam_width: K; draft_widths: N of every level but the last."""
        target = self._target_search(examples, beam_width)
        prompts = examples.prompts
        lacking = target.needed
        sent = torch.zeros_like(target.nodes[:, :0])
        calls = torch.zeros_like(target.nodes[:, 0])
        accepted = torch.zeros_like(calls)
        # A call settles at least one level of every user that still lacks something.
        for call in range(self._trie.levels):
            waiting = lacking.any(dim=1)
            if not bool(waiting.any()):
                break
            depth = self._first_depth(lacking, target.depth)
            drafted = self._drafted(
                prompts, target.known(depth, sent), keep=beam_width, widths=draft_widths
            )
            missing = lacking & (target.depth == depth[:, None])
            asked = torch.cat((drafted, target.nodes.masked_fill(~missing, -1)), dim=1)
            sent = torch.cat((sent, asked.masked_fill(~waiting[:, None], -1)), dim=1)
            lacking = lacking & ~_contained(target.nodes, sent)
            calls += waiting
            if call == 0:
                settled = self._first_depth(lacking, target.depth) - depth
                accepted = (settled - 1).clamp(min=0)
        sent = sent.masked_fill(~self._is_asked_about(sent), -1)
        return UserFigures(accepted_steps=accepted, calls=calls, nodes=_count_distinct(sent))

    def _target_search(self, examples: ExampleBatch, width: int) -> _TargetSearch:
        tree = tree_input(examples.prompts, examples.nodes, trie=self._trie, tokens=self._tokens)
        log_p = examples.log_p
        best = sequences_of(tree, log_p, levels=self._trie.levels, width=width)
        unknown, unknown_depth = self._outside(tree, best, width)
        nodes = torch.cat((tree.nodes, unknown), dim=1)
        reached = torch.cat((best.beams, unknown >= 0), dim=1)
        return _TargetSearch(
            nodes=nodes,
            depth=torch.cat((tree.depth, unknown_depth), dim=1),
            needed=reached & self._is_asked_about(nodes),
            in_data=tree.nodes,
            log_p=log_p,
            edges=best.edges,
        )

    def _outside(self, tree: TreeInput, best: Sequences, width: int) -> tuple[Tensor, Tensor]:
        """Prefixes that the target's search reaches but the data lacks, -1 for none, and their
        depth: both [users, prefixes]."""
        codes = torch.arange(self._trie.codes, device=tree.nodes.device)
        reached = self._trie.step(tree.nodes[..., None], codes)
        reached = reached.masked_fill(~best.stopped, -1).flatten(1)
        most = min(width * (self._trie.levels - 1), reached.shape[1])
        nodes, at = reached.topk(most, dim=1)
        return nodes, tree.depth.gather(1, at // self._trie.codes) + 1

    def _is_asked_about(self, nodes: Tensor) -> Tensor:
        """Whether a search asks what follows a node: the runtime's `needsLookup`."""
        return nodes >= 0 if self._scoring == "full" else self._trie.has_choice(nodes)

    def _drafted(self, prompts: Tensor, known: Known, *, keep: int, widths: list[int]) -> Tensor:
        """Prefixes that the draft proposes: [users, sum of widths]."""
        with self._machine.autocast():
            found = beam_search(
                search_model(self._draft.model),
                prompts,
                widths=widths,
                trie=self._trie,
                tokens=self._tokens,
                scoring=self._scoring,
                keep=keep,
                known=known,
            )
        return torch.cat([level.nodes for level in found.levels], dim=1)

    def _first_depth(self, lacking: Tensor, depth: Tensor) -> Tensor:
        """The smallest depth at which a user lacks a prefix, the number of levels if none: [users].

        That is the depth of the target's search in its present state.
        """
        return torch.where(lacking, depth, self._trie.levels).amin(dim=1)


@dataclass(frozen=True)
class _TargetSearch:
    """The target's own search: what it has to know, and what the data knows."""

    nodes: Tensor
    """Those of the data, then those that the search reaches outside of it: [users, nodes]."""
    depth: Tensor
    """[users, nodes]"""
    needed: Tensor
    """Whether the search has to ask about the node: bool [users, nodes]."""
    in_data: Tensor
    """[users, data nodes]"""
    log_p: Tensor
    """[users, data nodes, codes]"""
    edges: Tensor
    """The search's beams, as edges from data nodes: bool [users, data nodes, codes]."""

    def known(self, depth: Tensor, sent: Tensor) -> Known:
        """What a redraft knows: the target's beams up to the depth of its search [users], below
        which it has settled nothing, and its answers for what was sent [users, sent]."""
        settled = self.depth[:, : self.in_data.shape[1]] < depth[:, None]
        # A redraft begins with the target's beams: above them no other prefix is left.
        log_probs = self.log_p.masked_fill(settled[..., None] & ~self.edges, -torch.inf)
        answered = settled | _contained(self.in_data, sent)
        return Known(self.in_data.masked_fill(~answered, -1), log_probs)


def _contained(nodes: Tensor, others: Tensor) -> Tensor:
    """Whether each node is among `others` of the same user: bool [users, nodes]."""
    return (nodes[..., None] == others[:, None, :]).any(dim=-1)


def _count_distinct(nodes: Tensor) -> Tensor:
    """Distinct nodes of each user, the root and -1 not counted: [users]."""
    ordered = nodes.sort(dim=1).values
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return (first & (ordered > 0)).sum(dim=1)
