"""What a draft is worth to users that it was not trained on, from the target's answers for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.align.accept import Acceptance, Evaluator
from nightbeam_training.align.beam_scores import sequences_of
from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.search_model import search_model
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
        """Calls and nodes of the users. widths: N of every level but the last."""
        evaluator = Evaluator(
            draft,
            trie=self.pool.trie,
            tokens=self.prompts.tokens,
            machine=self.machine,
            scoring=self.scoring,
        )
        everyone = np.arange(len(self.pool))[: self.limit]
        return evaluator.over(self.pool, everyone, beam_width=beam_width, draft_widths=widths)

    def needs(self, draft: Checkpoint, *, beam_width: int, widths: list[int], limit: int) -> Ints:
        """How many prefixes the draft must propose so that the target's K best are among them.

        That is the draft's rank of the last of them, per user and level, if the levels before have
        these widths: [users, levels - 1]. First come the K that a search of the draft alone keeps,
        which are always proposed, then the others by score. limit: the largest rank that is told
        apart; a prefix beyond has rank limit + 1.
        """
        parts = [
            self._needs(
                draft, self.pool.take(at), beam_width=beam_width, widths=widths, limit=limit
            )
            for at in self._batches()
        ]
        return np.concatenate(parts)

    @torch.no_grad()
    def _needs(
        self,
        draft: Checkpoint,
        examples: ExampleBatch,
        *,
        beam_width: int,
        widths: list[int],
        limit: int,
    ) -> Ints:
        trie, tokens = self.pool.trie, self.prompts.tokens
        tree = tree_input(examples.prompts, examples.nodes, trie=trie, tokens=tokens)
        beams = sequences_of(tree, examples.log_p, levels=trie.levels, width=beam_width).beams
        if self.scoring == "renormalized":
            # What follows a prefix with one child is certain: no search asks.
            beams = beams & trie.has_choice(tree.nodes)
        kept = self._search(draft, examples, widths=[beam_width] * (trie.levels - 1))
        needs = []
        for depth, chain in enumerate(kept, start=1):
            found = self._search(
                draft, examples, widths=[*widths[: depth - 1], limit], keep=beam_width
            )[-1]
            among = (found[..., None] == chain[:, None, :]).any(dim=-1)
            rank = torch.where(among, 1, beam_width + (~among).cumsum(dim=1))
            needed = tree.nodes.masked_fill(~(beams & (tree.depth == depth)), -1)
            same = needed[..., None] == found[:, None, :]
            at = same.int().argmax(dim=-1)
            rank = torch.where(same.any(dim=-1), rank.gather(1, at), limit + 1)
            needs.append(rank.masked_fill(needed < 0, 0).amax(dim=1))
        ranks: Ints = torch.stack(needs, dim=1).cpu().numpy()
        return ranks

    def _search(
        self, draft: Checkpoint, examples: ExampleBatch, *, widths: list[int], keep: int = 0
    ) -> list[Tensor]:
        """The draft's prefixes of every length, best first: [users, width] each."""
        with self.machine.autocast():
            found = beam_search(
                search_model(draft.model),
                examples.prompts,
                widths=widths,
                trie=self.pool.trie,
                tokens=self.prompts.tokens,
                scoring=self.scoring,
                keep=keep,
            )
        return [level.nodes for level in found.levels]

    def _batches(self) -> list[Ints]:
        """Users with prompts of similar length together."""
        order = np.argsort(self.pool.prompt_lengths[: self.limit], kind="stable")
        return np.split(order, range(self.batch_size, len(order), self.batch_size))
