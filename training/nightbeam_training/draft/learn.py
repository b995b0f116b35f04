"""Aligning a draft on teacher data: batches, loss, and calls of held-out users for the loop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.align.batch import AlignBatch, align_batch, draft_scores, drafted_levels
from nightbeam_training.align.objective import total_loss
from nightbeam_training.align.options import ObjectiveOptions
from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.draft.widths import even_widths
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.train.state import Figures

COUNTED_USERS = 256
"""Held-out users whose calls are counted while the draft learns."""


@dataclass(frozen=True)
class LearnOptions:
    objective: ObjectiveOptions
    beam_widths: tuple[int, ...]
    """Every K that calls are counted for."""
    nodes: int
    """Prefixes that are drafted per user when they are counted."""
    batch_size: int
    steps: int
    """Batches between two counts."""
    seed: int


class DraftTask:
    """An epoch of the loop is a number of steps, not a pass over the data, which can take long."""

    metric = "calls saved"

    def __init__(
        self, draft: Checkpoint, pool: TeacherPool, *, held_out: HeldOut, options: LearnOptions
    ) -> None:
        self._draft = draft
        self._pool = pool
        self._held_out = replace(held_out, limit=COUNTED_USERS)
        self._options = options
        self.counted = -math.inf
        """The metric at the last count."""
        self._per_pass = sum(1 for _ in self._numbers(0))

    @property
    def steps(self) -> int:
        return self._options.steps

    @property
    def steps_per_pass(self) -> int:
        """Batches until every example was used once."""
        return self._per_pass

    def batches(self, epoch: int, first: int) -> Iterator[AlignBatch]:
        step, end = epoch * self.steps + first, (epoch + 1) * self.steps
        while step < end:
            number, at = divmod(step, self._per_pass)
            for examples in islice(self._numbers(number), at, at + end - step):
                step += 1
                yield align_batch(
                    drafted_levels(self._pool.take(examples), self._pool.trie),
                    trie=self._pool.trie,
                    tokens=self._held_out.prompts.tokens,
                    width=max(self._options.beam_widths),
                )

    def loss(self, batch: AlignBatch) -> tuple[Tensor, dict[str, Tensor]]:
        options = self._options.objective
        scores = draft_scores(self._draft.model, batch, prompt=options.uses_prompt)
        loss, _ = total_loss(scores, batch, options)
        return loss, {}

    @torch.no_grad()
    def validate(self) -> Figures:
        """Calls and nodes per held-out user, and the target's calls that drafting saves."""
        trie = self._held_out.prompts.catalogue.trie
        sizes = trie.drafted_sizes
        figures: Figures = {}
        saved = 0.0
        for beam_width in self._options.beam_widths:
            widths = even_widths(self._options.nodes, beam_width=beam_width, sizes=sizes)
            found = self._held_out.acceptance(self._draft, beam_width=beam_width, widths=widths)
            figures[f"calls at {beam_width}"] = found.calls / found.users
            figures[f"nodes at {beam_width}"] = found.nodes / found.users
            saved += trie.levels - found.calls / found.users
        self.counted = saved / len(self._options.beam_widths)
        return {**figures, self.metric: self.counted}

    def _numbers(self, number: int) -> Iterator[Ints]:
        rng = np.random.default_rng((self._options.seed, number))
        examples = np.arange(len(self._pool))
        return self._pool.batches(examples, size=self._options.batch_size, rng=rng)
