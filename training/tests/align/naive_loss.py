"""The losses written for one prefix at a time, from their formulas."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch import Tensor
from world import Path_, World, children_of, prefixes_by_node, search

from nightbeam_training.align.batch import AlignBatch
from nightbeam_training.align.options import ObjectiveOptions

Row = npt.NDArray[np.float64]


def log_softmax(row: Row) -> Row:
    return row - np.log(np.exp(row).sum())


class User:
    """Prefixes of one user with both models' distributions, and the K best sequences."""

    def __init__(
        self, world: World, batch: AlignBatch, logits: Tensor, user: int, *, width: int
    ) -> None:
        prefixes, self._children = prefixes_by_node(world.catalogue), children_of(world.catalogue)
        self._offsets = world.spec.codeTokenOffsets
        self.logits: dict[Path_, Row] = {}
        self.answers: dict[Path_, Row] = {}
        for place, node in enumerate(batch.tree.nodes[user].tolist()):
            if node >= 0:
                prefix = prefixes[node]
                self.logits[prefix] = logits[user, place].double().numpy()
                answers = batch.log_p[user, place].double().numpy()
                self.answers[prefix] = answers[self._children(prefix)]
        levels = search(self._opinion, [width] * len(self._offsets))
        self.best = [[path for _, path in level] for level in levels]

    def _opinion(self, prefix: Path_) -> dict[int, float]:
        values = self.answers.get(prefix, np.zeros(0)).tolist()
        return dict(zip(self._children(prefix), values, strict=False))

    def distributions(self, prefix: Path_, given: ObjectiveOptions) -> tuple[Row, Row]:
        """log q and log p over the valid codes, with the rest as one more outcome if it counts."""
        offset, answers = self._offsets[len(prefix)], self.answers[prefix]
        sharp = self.logits[prefix] / given.temperature
        chosen = sharp[[offset + code for code in self._children(prefix)]]
        if given.over == "valid":
            return log_softmax(chosen), log_softmax(answers / given.temperature)
        q = chosen - np.log(np.exp(sharp).sum())
        return np.append(q, np.log1p(-np.exp(q).sum())), np.append(
            answers, np.log1p(-np.exp(answers).sum())
        )

    def kth(self, level: int, given: ObjectiveOptions) -> float:
        """log p of the last code of the K-th best prefix."""
        *before, code = self.best[level][-1]
        prefix = tuple(before)
        _, log_p = self.distributions(prefix, given)
        return float(log_p[self._children(prefix).index(code)])

    def weighted(self, truth: Path_, given: ObjectiveOptions) -> Iterator[tuple[Path_, float, Row]]:
        """(prefix, weight, share of each child among the K best)"""
        for prefix in self.answers:
            through = [(*prefix, code) for code in self._children(prefix)]
            at = len(prefix) + 1
            counts = np.array([sum(path[:at] == one for path in self.best[-1]) for one in through])
            if given.objective == "seq-kd" and given.variant == "released" and prefix == ():
                known = [float(code == truth[0]) for code in self._children(prefix)]
                counts = counts.sum() * np.array(known)
            if given.objective in ("word-kd", "tvd-kd"):
                weight = float(min(truth) >= 0 and truth[: len(prefix)] == prefix)
            elif given.objective == "beam-kd":
                weight = 1.0
            else:
                weight = float(counts.sum())
            if weight > 0:
                yield prefix, weight, counts / max(counts.sum(), 1)


def node_loss(user: User, prefix: Path_, share: Row, given: ObjectiveOptions) -> float:
    log_q, log_p = user.distributions(prefix, given)
    q, p = np.exp(log_q), np.exp(log_p)
    match given.objective:
        case "word-kd" | "beam-kd":
            return float((p * (log_p - log_q)).sum())
        case "tvd-kd" | "atspeed-r":
            return float(0.5 * abs(q - p).sum())
        case "seq-kd":
            return float(-(share * log_q[: len(share)]).sum())
    best = np.argsort(-q)[: given.top_k]
    if given.variant == "released":
        inner_q, inner_p = log_softmax(q[best]), log_softmax(p[best])
        divergence = (np.exp(inner_q) * (inner_q - inner_p)).sum()
        return float(divergence - np.exp(inner_p[-1]) * (np.exp(inner_q) * inner_q).sum())
    kth = user.kth(len(prefix), given)
    if given.variant == "written":
        return float((q[best] * (kth - log_p[best])).sum())
    inner_q, inner_p = log_softmax(log_q[best]), log_softmax(log_p[best])
    divergence = (np.exp(inner_q) * (inner_q - inner_p)).sum()
    return float(divergence - np.exp(kth) * (np.exp(inner_q) * inner_q).sum())


def align_loss(
    world: World, batch: AlignBatch, truths: list[Path_], logits: Tensor, given: ObjectiveOptions
) -> float:
    """Weighted mean over all prefixes that count. K is 3."""
    total, weights = 0.0, 0.0
    for number, truth in enumerate(truths):
        user = User(world, batch, logits, number, width=3)
        for prefix, weight, share in user.weighted(truth, given):
            total += weight * node_loss(user, prefix, share, given)
            weights += weight
    return total / weights


def recommend_loss(world: World, batch: AlignBatch, truths: list[Path_], logits: Tensor) -> float:
    """Mean over all codes of the known true paths."""
    losses = []
    for number, truth in enumerate(truths):
        user = User(world, batch, logits, number, width=3)
        for level, code in enumerate(truth):
            if code >= 0:
                row = log_softmax(user.logits[truth[:level]])
                losses.append(-row[world.spec.codeTokenOffsets[level] + code])
    return float(np.mean(losses))
