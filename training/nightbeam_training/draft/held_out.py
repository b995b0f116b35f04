"""What a draft is worth to users that it was not trained on, from the target's answers for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from nightbeam_training.align.accept import Acceptance, Evaluator
from nightbeam_training.align.beam_scores import sequences_of
from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.heads import search_model
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.tree import tree_input
from nightbeam_training.search.beam_search import beam_search


@dataclass(frozen=True)
class HeldOut:
    """Held-out users with the target's answers."""

    pool: TeacherPool
    prompts: Prompts
    machine: Machine
    scoring: Scoring
    batch_size: int = 64
    limit: int | None = None
    """Only the first users. None: all."""

    def acceptance(self, draft: Checkpoint, *, beam_width: int, widths: list[int]) -> Acceptance:
        """Calls and nodes of all users. widths: N of every level but the last."""
        evaluator = Evaluator(
            draft,
            trie=self.pool.trie,
            tokens=self.prompts.tokens,
            machine=self.machine,
            scoring=self.scoring,
        )
        everyone = np.arange(len(self.pool))
        return evaluator.over(self.pool, everyone, beam_width=beam_width, draft_widths=widths)

    def needs(self, draft: Checkpoint, *, beam_width: int, limit: int) -> Ints:
        """How many prefixes the draft must propose so that the target's K best are among them.

        That is the draft's rank of the last of them, per user and level: [users, levels - 1].
        limit: width of the draft's search; a prefix that is not in it has rank limit + 1. With
        other widths on the levels before, prefixes whose parents are drafted can only rank better.
        """
        parts = [
            self._needs(draft, self.pool.take(at), beam_width=beam_width, limit=limit)
            for at in self._batches()
        ]
        return np.concatenate(parts)

    @torch.no_grad()
    def _needs(
        self, draft: Checkpoint, examples: ExampleBatch, *, beam_width: int, limit: int
    ) -> Ints:
        trie, tokens = self.pool.trie, self.prompts.tokens
        tree = tree_input(examples.prompts, examples.nodes, trie=trie, tokens=tokens)
        beams = sequences_of(tree, examples.log_p, levels=trie.levels, width=beam_width).beams
        with self.machine.autocast():
            found = beam_search(
                search_model(draft.model),
                examples.prompts,
                widths=[limit] * (trie.levels - 1),
                trie=trie,
                tokens=tokens,
                scoring=self.scoring,
            )
        if self.scoring == "renormalized":
            # What follows a prefix with one child is certain: no search asks.
            beams = beams & trie.has_choice(tree.nodes)
        needs = []
        for depth, level in enumerate(found.levels, start=1):
            needed = tree.nodes.masked_fill(~(beams & (tree.depth == depth)), -1)
            same = needed[..., None] == level.nodes[:, None, :]
            rank = torch.where(same.any(dim=-1), same.int().argmax(dim=-1), limit) + 1
            needs.append(rank.masked_fill(needed < 0, 0).amax(dim=1))
        ranks: Ints = torch.stack(needs, dim=1).cpu().numpy()
        return ranks

    def _batches(self) -> list[Ints]:
        """Users with prompts of similar length together."""
        order = np.argsort(self.pool.prompt_lengths[: self.limit], kind="stable")
        return np.split(order, range(self.batch_size, len(order), self.batch_size))
