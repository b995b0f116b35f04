"""Training a recommender on histories: every item of a packed history is an example."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.checkpoint import Checkpoint
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.token_scores import token_scores
from nightbeam_training.search.beam_search import beam_search
from nightbeam_training.train.state import Figures

VALIDATION_BATCH = 64
RECALL_AT = 10


@dataclass(frozen=True)
class RecommendOptions:
    batch_size: int
    validation: int
    """Number of held-back users."""
    seed: int


class RecommendTask:
    """Predicts the next code at every position of a history, in one causal pass over its tokens."""

    metric = "log-likelihood"

    def __init__(
        self,
        checkpoint: Checkpoint,
        histories: list[Ints],
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
        order = np.random.default_rng(options.seed).permutation(len(histories))
        self._held, self._train = order[: options.validation], order[options.validation :]

    @property
    def steps(self) -> int:
        return -(-len(self._train) // self._options.batch_size)

    def batches(self, epoch: int, first: int) -> Iterator[Tensor]:
        """Token sequences, padded with -1 on the right: [users, tokens]."""
        rng = np.random.default_rng((self._options.seed, epoch))
        order = rng.permutation(self._train)
        # Sequences of similar length share a batch; the jitter varies which ones do.
        length = [len(self._histories[user]) for user in order]
        near = order[np.argsort(np.array(length) + rng.random(len(order)) * 4, kind="stable")]
        cuts = np.split(near, range(self._options.batch_size, len(near), self._options.batch_size))
        places = rng.permutation(len(cuts))
        for step, place in islice(enumerate(places), first, None):
            draw = np.random.default_rng((self._options.seed, epoch, step))
            yield self._packed([self._window(self._histories[user], draw) for user in cuts[place]])

    def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        known = batch.clamp(min=0)
        positions = torch.arange(batch.shape[1] - 1, device=batch.device)
        hidden, _ = self._checkpoint.model.hidden(known[:, :-1], positions.expand(len(batch), -1))
        real = batch[:, 1:] >= 0
        scores = token_scores(self._checkpoint.model, hidden[real], batch[:, 1:][real][:, None])
        return (scores.normaliser - scores.logits[:, 0]).mean(), {}

    @torch.no_grad()
    def validate(self) -> Figures:
        """How well the last item of the held-back histories is predicted from the ones before."""
        hits, log_likelihood = 0, 0.0
        for start in range(0, len(self._held), VALIDATION_BATCH):
            users = self._held[start : start + VALIDATION_BATCH]
            asked = [self._histories[user] for user in users]
            prompts = self._prompts.padded([history[:-1] for history in asked])
            last = np.array([history[-1] for history in asked])
            truth = torch.from_numpy(self._catalogue.codes[last]).to(self._machine.device)
            with self._machine.autocast():
                found = beam_search(
                    self._checkpoint.model,
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

    def _window(self, history: Ints, rng: np.random.Generator) -> Ints:
        """A random window of the history, as long as a prompt and its answer."""
        size = self._checkpoint.prompt.prompt.maxItems + 1
        start = int(rng.integers(max(len(history) - size, 0) + 1))
        return history[start : start + size]

    def _packed(self, windows: list[Ints]) -> Tensor:
        rows = [self._prompts.encode(window, whole=True) for window in windows]
        tokens = np.full((len(rows), max(map(len, rows))), -1, dtype=np.int64)
        for row, values in zip(tokens, rows, strict=True):
            row[: len(values)] = values
        return torch.from_numpy(tokens).to(self._machine.device)
