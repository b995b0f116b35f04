"""Recall and NDCG of the items that come next, by a target's lists or by popularity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.histories import Histories
from nightbeam_training.data.prompts import Prompts
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.models import Model
from nightbeam_training.model.precision import Machine
from nightbeam_training.model.search_model import search_model
from nightbeam_training.search.beam_search import beam_search

BATCH = 64
"""Users whose lists are searched together."""


@dataclass(frozen=True)
class Ranking:
    """Means over users, each with one item that comes next, for one K."""

    k: int
    recall: float
    """Share of users whose item is among the first K of their list."""
    ndcg: float
    """1 / log2(1 + rank) of their item, 0 if it is not among them."""


def rankings(lists: Sequence[Ints], truth: Ints, *, ks: Sequence[int]) -> list[Ranking]:
    """lists: items of each user, best first; truth: the item that came next [users]."""
    places = [np.flatnonzero(row == item) for row, item in zip(lists, truth, strict=True)]
    rank = np.array([place[0] if len(place) else np.inf for place in places])
    gain = 1 / np.log2(rank + 2)
    return [
        Ranking(k, float((rank < k).mean()), float(np.where(rank < k, gain, 0.0).mean()))
        for k in ks
    ]


def popular(histories: Sequence[Ints], *, items: int, count: int) -> Ints:
    """The `count` most frequent items of histories without their last items, equal ones by
    number."""
    seen = np.concatenate([history[:-1] for history in histories])
    frequency = np.bincount(seen, minlength=items)
    return np.argsort(-frequency, kind="stable")[:count]


class Lists:
    """A target's lists: the best items of a beam search, several of one path in their order."""

    def __init__(self, model: Model, prompts: Prompts, *, machine: Machine) -> None:
        self._model = model.to(machine.device).eval()
        self._prompts = prompts
        self._machine = machine
        self._trie = TorchTrie(prompts.catalogue.trie, machine.device)

    @torch.no_grad()
    def of(
        self,
        histories: Histories,
        *,
        beam_width: int,
        count: int,
    ) -> list[Ints]:
        """`count` items for each user, in the order of the users. Closing tokens are not scored."""
        encoded = [
            self._prompts.encode(*each)
            for each in zip(histories.items, histories.texts, strict=True)
        ]
        # Prompts of similar length are searched together.
        order = sorted(range(len(encoded)), key=lambda user: len(encoded[user]))
        found: dict[int, Ints] = {}
        for start in range(0, len(order), BATCH):
            users = order[start : start + BATCH]
            leaves = self._leaves(histories.take(np.array(users)), beam_width)
            for user, row in zip(users, leaves, strict=True):
                found[user] = self._items(row[row >= 0])[:count]
        return [found[user] for user in range(len(encoded))]

    def _leaves(self, histories: Histories, beam_width: int) -> Ints:
        prompts = self._prompts.padded(histories.items, histories.texts)
        with self._machine.autocast():
            search = beam_search(
                search_model(self._model),
                torch.from_numpy(prompts).to(self._machine.device),
                widths=[beam_width] * self._trie.levels,
                trie=self._trie,
                tokens=self._prompts.tokens,
            )
        nodes: Ints = search.levels[-1].nodes.cpu().numpy()
        return nodes

    def _items(self, leaves: Ints) -> Ints:
        catalogue = self._prompts.catalogue
        items, first = catalogue.items_by_leaf
        places = leaves - int(catalogue.trie.level_start[-2])
        return np.concatenate([items[first[at] : first[at + 1]] for at in places])
