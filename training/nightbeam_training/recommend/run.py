"""Training a recommender on histories: to predict the next item's codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompts import Prompts, pad_left, pad_right
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.search_model import search_model
from nightbeam_training.model.shared_start import Batch, last_hidden, shared_tokens
from nightbeam_training.model.t5 import T5
from nightbeam_training.model.token_scores import token_scores
from nightbeam_training.recommend.examples import Example, Examples, NextItems, examples_of
from nightbeam_training.search.beam_search import beam_search
from nightbeam_training.train.state import Figures

VALIDATION_BATCH = 64
RECALL_AT = 10
HoldBack = Literal["users", "items"]
"""What is kept from training: some users, or the last item of every user."""


@dataclass(frozen=True)
class RecommendOptions:
    batch_size: int
    validation: int
    """Number of held-back users."""
    seed: int
    hold_back: HoldBack = "users"
    epoch_size: int | None = None
    """Examples per epoch, drawn again for each. None: all."""
    next_items: int = 1
    """Of an encoder-decoder's answers: the next item, and those after it."""


@dataclass(frozen=True)
class AnswerBatch:
    """Prompts and their answers."""

    prompts: Tensor
    """[users, tokens], padded with -1 on the left."""
    answers: Tensor
    """[users, tokens], padded with -1 on the right."""
    seed: int
    """Of dropout, so that a run that continues draws the same."""


@dataclass(frozen=True)
class RecommendBatch:
    """Token sequences, padded with -1 on the right."""

    tokens: Tensor
    """[users, tokens]"""
    targets: Tensor
    """The token after each one, -1 if it is not learned: [users, tokens - 1]."""
    shared: int
    """Tokens that all prompts begin with, if they are computed once."""


class RecommendTask:
    """Predicts the tokens of the next items: in one causal pass over each sequence, or as answers
    to encoded prompts."""

    metric = "log-likelihood"

    def __init__(
        self,
        checkpoint: Checkpoint,
        histories: Histories,
        *,
        prompts: Prompts,
        machine: Machine,
        options: RecommendOptions,
    ) -> None:
        self._checkpoint = checkpoint
        self._prompts = prompts
        self._catalogue = prompts.catalogue
        self._machine = machine
        self._options = options
        self._trie = TorchTrie(prompts.catalogue.trie, machine.device)
        self._histories = histories
        order = np.random.default_rng(options.seed).permutation(len(histories.items))
        self._held, self._train = order[: options.validation], order[options.validation :]
        learned = histories
        if options.hold_back == "items":
            learned = replace(histories, items=[items[:-1] for items in histories.items])
            self._train = np.array([user for user in order if len(learned.items[user]) > 1])
        self._examples: Examples
        if isinstance(checkpoint.model, T5):
            self._examples = NextItems(learned, prompts, items=options.next_items)
        else:
            self._examples = examples_of(learned, prompts)

    @property
    def histories(self) -> int:
        """Users that are trained on."""
        return len(self._train)

    @property
    def steps(self) -> int:
        count = self._examples.count(self._train)
        return -(-min(count, self._options.epoch_size or count) // self._options.batch_size)

    def batches(self, epoch: int, first: int) -> Iterator[RecommendBatch | AnswerBatch]:
        rng = np.random.default_rng((self._options.seed, epoch))
        order = rng.permutation(self._train)
        owners, sizes = self._examples.draw(order, rng)
        if self._options.epoch_size is not None:
            drawn = rng.permutation(len(owners))[: self._options.epoch_size]
            owners, sizes = owners[drawn], sizes[drawn]
        near = np.argsort(self._examples.near(sizes, rng), kind="stable")
        cuts = np.split(near, range(self._options.batch_size, len(near), self._options.batch_size))
        places = rng.permutation(len(cuts))
        for step, place in islice(enumerate(places), first, None):
            draw = np.random.default_rng((self._options.seed, epoch, step))
            examples = [self._examples.example(owners[at], sizes[at], draw) for at in cuts[place]]
            if isinstance(self._checkpoint.model, T5):
                yield self._answer_batch(examples, seed=int(draw.integers(2**31)))
            else:
                yield self._batch(examples)

    def loss(self, batch: RecommendBatch | AnswerBatch) -> tuple[Tensor, dict[str, Tensor]]:
        model = self._checkpoint.model
        if isinstance(model, T5) and isinstance(batch, AnswerBatch):
            return _answer_loss(model, batch), {}
        if isinstance(model, T5) or isinstance(batch, AnswerBatch):
            raise TypeError("the batch is of another kind of model")
        known = batch.tokens[:, :-1].clamp(min=0)
        columns = torch.arange(known.shape[1], device=known.device)
        positions = columns.expand(len(known), -1)
        if batch.shared == 0 or model.gradient_checkpointing:
            hidden, _ = model.hidden(known, positions)
        else:
            causal = (columns[:, None] >= columns)[None, None]
            whole = Batch(known, positions, causal, padding=torch.zeros_like(known[:, 0]))
            rows = known.shape[1] - batch.shared
            hidden = last_hidden(model, whole, rows=rows, shared=batch.shared)
        targets = batch.targets[:, -hidden.shape[1] :]
        learned = targets >= 0
        scores = token_scores(model, hidden[learned], targets[learned][:, None])
        return (scores.normaliser - scores.logits[:, 0]).mean(), {}

    @torch.no_grad()
    def validate(self) -> Figures:
        """How well the last item of the held-back histories is predicted from the ones before."""
        hits, log_likelihood = 0, 0.0
        for start in range(0, len(self._held), VALIDATION_BATCH):
            users = self._held[start : start + VALIDATION_BATCH]
            asked = [self._histories.items[user] for user in users]
            prompts = self._prompts.padded(
                [history[:-1] for history in asked],
                [self._histories.texts[user] for user in users],
            )
            last = np.array([history[-1] for history in asked])
            truth = torch.from_numpy(self._catalogue.codes[last]).to(self._machine.device)
            with self._machine.autocast():
                found = beam_search(
                    search_model(self._checkpoint.model),
                    torch.from_numpy(prompts).to(self._machine.device),
                    widths=[RECALL_AT] * self._trie.levels,
                    trie=self._trie,
                    tokens=self._prompts.tokens,
                    extra_paths=truth,
                )
            leaves = torch.from_numpy(self._catalogue.leaf_of[last]).to(self._machine.device)
            hits += int((found.levels[-1].nodes == leaves[:, None]).any(dim=1).sum())
            log_likelihood += self._truth_log_likelihood(found.expanded, found.log_probs, truth)
        count = len(self._held)
        return {
            f"Recall@{RECALL_AT}": hits / count,
            "log-likelihood": log_likelihood / count,
        }

    def _truth_log_likelihood(self, expanded: Tensor, log_probs: Tensor, truth: Tensor) -> float:
        node = torch.zeros_like(truth[:, 0])
        total = torch.zeros(len(truth), device=truth.device)
        for level in range(self._trie.levels):
            at = (expanded == node[:, None]).int().argmax(dim=1)
            total += log_probs[torch.arange(len(truth)), at, truth[:, level]]
            node = self._trie.step(node, truth[:, level])
        return float(total.sum())

    def _batch(self, examples: list[Example]) -> RecommendBatch:
        tokens = pad_right([example.tokens for example in examples])
        places = np.arange(1, tokens.shape[1])
        learned = np.zeros((len(tokens), len(places)), dtype=bool)
        for row, example in zip(learned, examples, strict=True):
            row[:] = places >= len(example.tokens) - example.learned
        targets = np.where(learned, tokens[:, 1:], -1)
        prompts = [example.tokens[: len(example.tokens) - example.learned] for example in examples]
        return RecommendBatch(
            tokens=torch.from_numpy(tokens).to(self._machine.device),
            targets=torch.from_numpy(targets).to(self._machine.device),
            shared=shared_tokens(torch.from_numpy(pad_right(prompts))),
        )

    def _answer_batch(self, examples: list[Example], *, seed: int) -> AnswerBatch:
        cuts = [len(example.tokens) - example.learned for example in examples]
        prompts = pad_left([each.tokens[:cut] for each, cut in zip(examples, cuts, strict=True)])
        answers = pad_right([each.tokens[cut:] for each, cut in zip(examples, cuts, strict=True)])
        return AnswerBatch(
            prompts=torch.from_numpy(prompts).to(self._machine.device),
            answers=torch.from_numpy(answers).to(self._machine.device),
            seed=seed,
        )


def _answer_loss(model: T5, batch: AnswerBatch) -> Tensor:
    torch.manual_seed(batch.seed)
    learned = batch.answers >= 0
    hidden = model.answer_hidden(batch.prompts, batch.answers.clamp(min=0))
    scores = token_scores(model, hidden[learned], batch.answers[learned][:, None])
    return (scores.normaliser - scores.logits[:, 0]).mean()
