"""Accepted steps and calls of a draft against teacher data, without the target."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.align.target_search import contained, needs_lookup, target_search
from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.search_model import search_model
from nightbeam_training.search.beam_search import Known, beam_search

BATCH = 256
"""Examples that are evaluated together."""


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


@dataclass(frozen=True)
class UserFigures:
    """The same for each user: [users]."""

    accepted_steps: Tensor
    calls: Tensor
    nodes: Tensor

    def sums(self) -> Acceptance:
        figures = torch.stack((self.accepted_steps, self.calls, self.nodes))
        return Acceptance(len(self.calls), *figures.sum(dim=1).tolist())


class Evaluator:
    """Runs the demand-driven loop of the runtime with one draft: draft, ask, repeat until all is
    known.

    Counts as the runtime does: under `renormalized` scoring a prefix with one child is certain, so
    the target is not asked about it. Figures differ from a run's only by what the data does not
    have. A run knows the target's answer for everything that it sent; here the answers of prefixes
    outside the data are unknown, and a redraft uses the draft's estimates. If the target's K best
    reach such a prefix, because the search that wrote the data was narrower or its values were
    rounded, nothing below it counts as needed. A run that excludes items asks about other prefixes.
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

    def over(
        self, pool: TeacherPool, examples: Ints, *, beam_width: int, draft_widths: list[int]
    ) -> Acceptance:
        """Figures over some examples of a pool. beam_width: K; draft_widths: N of every level but
        the last."""
        return self.per_user_over(
            pool, examples, beam_width=beam_width, draft_widths=draft_widths
        ).sums()

    def per_user_over(
        self, pool: TeacherPool, examples: Ints, *, beam_width: int, draft_widths: list[int]
    ) -> UserFigures:
        """The same for each example, in their order."""
        parts = [
            self.per_user(
                pool.take(examples[start : start + BATCH]),
                beam_width=beam_width,
                draft_widths=draft_widths,
            )
            for start in range(0, len(examples), BATCH)
        ]
        return UserFigures(
            accepted_steps=torch.cat([part.accepted_steps for part in parts]),
            calls=torch.cat([part.calls for part in parts]),
            nodes=torch.cat([part.nodes for part in parts]),
        )

    def acceptance(
        self, examples: ExampleBatch, *, beam_width: int, draft_widths: list[int]
    ) -> Acceptance:
        """beam_width: K; draft_widths: N of every level but the last."""
        return self.per_user(examples, beam_width=beam_width, draft_widths=draft_widths).sums()

    @torch.no_grad()
    def per_user(
        self, examples: ExampleBatch, *, beam_width: int, draft_widths: list[int]
    ) -> UserFigures:
        """beam_width: K; draft_widths: N of every level but the last."""
        target = target_search(examples, trie=self._trie, scoring=self._scoring, width=beam_width)
        lacking = target.needed
        sent = target.nodes[:, :0]
        calls = torch.zeros_like(target.nodes[:, 0])
        accepted = torch.zeros_like(calls)
        # A call settles at least one level of every user that still lacks something.
        for call in range(self._trie.levels):
            waiting = lacking.any(dim=1).nonzero()[:, 0]
            if len(waiting) == 0:
                break
            search, lacks = target.of(waiting), lacking[waiting]
            depth = search.state(lacks)
            drafted = self._drafted(
                examples.prompts[waiting],
                search.known(depth, sent[waiting]),
                keep=beam_width,
                widths=draft_widths,
            )
            missing = lacks & (search.depth == depth[:, None])
            asked = torch.cat((drafted, search.nodes.masked_fill(~missing, -1)), dim=1)
            nothing = asked.new_full((len(sent), asked.shape[1]), -1)
            sent = torch.cat((sent, nothing.index_copy(0, waiting, asked)), dim=1)
            lacking = lacking & ~contained(target.nodes, sent)
            calls[waiting] += 1
            if call == 0:
                settled = search.state(lacking[waiting]) - depth
                accepted[waiting] = (settled - 1).clamp(min=0)
        sent = sent.masked_fill(~needs_lookup(sent, self._trie, self._scoring), -1)
        return UserFigures(accepted_steps=accepted, calls=calls, nodes=_count_distinct(sent))

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


def _count_distinct(nodes: Tensor) -> Tensor:
    """Distinct nodes of each user, the root and -1 not counted: [users]."""
    ordered = nodes.sort(dim=1).values
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return (first & (ordered > 0)).sum(dim=1)
