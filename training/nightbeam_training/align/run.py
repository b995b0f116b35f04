"""Alignment of a draft on teacher data: batches, loss and validation for the training loop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.align.accept import BATCH, Evaluator
from nightbeam_training.align.batch import AlignBatch, align_batch, draft_scores
from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.align.heads_objective import (
    LevelCodes,
    heads_loss,
    heads_scores,
    level_codes,
)
from nightbeam_training.align.objective import Losses, total_loss
from nightbeam_training.align.options import AlignOptions
from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.t5 import T5
from nightbeam_training.train.state import Figures


class AlignTask:
    """Batches and losses for one draft; the first examples of a fixed shuffle are validation."""

    metric = "accepted steps"

    def __init__(
        self,
        draft: Checkpoint,
        pool: TeacherPool,
        *,
        tokens: CodeTokens,
        scoring: Scoring,
        machine: Machine,
        options: AlignOptions,
        draft_beams: DraftBeams | None,
    ) -> None:
        self._draft = draft
        self._pool = pool
        self._trie = pool.trie
        self._tokens = tokens
        self._machine = machine
        self._options = options
        self._draft_beams = draft_beams
        self._level_codes = self._codes_of_levels()
        self._evaluator = Evaluator(
            draft, trie=pool.trie, tokens=tokens, machine=machine, scoring=scoring
        )
        order = np.random.default_rng(options.seed).permutation(len(pool))
        self._held, self._train = order[: options.validation], order[options.validation :]
        # Counted once: it shuffles the whole pool.
        self.steps = sum(1 for _ in self._numbers(0))

    def batches(self, epoch: int, first: int) -> Iterator[AlignBatch]:
        for step, numbers in islice(enumerate(self._numbers(epoch)), first, None):
            yield self._batch(numbers, np.random.default_rng((self._options.seed, epoch, step)))

    def loss(self, batch: AlignBatch) -> tuple[Tensor, Losses]:
        model, options, codes = self._draft.model, self._options, self._level_codes
        if codes is None:
            scores = draft_scores(model, batch, prompt=options.uses_prompt)
            return total_loss(scores, batch, options)
        if isinstance(model, T5):
            raise TypeError("a T5 has no heads")
        scores = heads_scores(model, batch, codes, prompt=options.uses_prompt)
        return heads_loss(scores, batch, options, codes=codes)

    @torch.no_grad()
    def validate(self) -> Figures:
        """Loss, and the draft's calls and accepted steps at half and at all of the teacher's
        width."""
        loss = 0.0
        for start in range(0, len(self._held), BATCH):
            numbers = self._held[start : start + BATCH]
            with self._machine.autocast():
                mean, _ = self.loss(self._align_batch(self._pool.take(numbers)))
            loss += float(mean) * len(numbers)
        beam_width, drafted = self._options.beam_width, self._trie.levels - 1
        sums = {
            width: self._evaluator.over(
                self._pool,
                self._held,
                beam_width=width,
                draft_widths=[self._options.draft_width] * drafted,
            )
            for width in sorted({max(beam_width // 2, 1), beam_width})
        }
        users = len(self._held)
        figures = {"loss": loss / users}
        for width, total in sums.items():
            figures[f"calls at {width}"] = total.calls / users
        # Larger is better, and one figure is comparable for all objectives.
        figures["accepted steps"] = sum(total.accepted_steps for total in sums.values()) / (
            users * len(sums)
        )
        return figures

    def _codes_of_levels(self) -> LevelCodes | None:
        """Codes that heads predict; None for objectives on a tree's nodes."""
        if self._options.objective != "heads":
            return None
        return level_codes(self._trie, self._tokens)

    def _numbers(self, epoch: int) -> Iterator[Ints]:
        rng = np.random.default_rng((self._options.seed, epoch))
        return self._pool.batches(self._train, size=self._options.batch_size, rng=rng)

    def _batch(self, numbers: Ints, rng: np.random.Generator) -> AlignBatch:
        if self._draft_beams is None or rng.random() >= self._options.mixture:
            return self._align_batch(self._pool.take(numbers))
        examples, log_q = self._draft_beams.of(
            self._draft.model, self._pool.take(numbers), self._options.beam_width
        )
        return self._align_batch(examples, log_q)

    def _align_batch(self, examples: ExampleBatch, log_q: Tensor | None = None) -> AlignBatch:
        return align_batch(
            examples,
            trie=self._trie,
            tokens=self._tokens,
            width=self._options.beam_width,
            log_q=log_q,
        )
