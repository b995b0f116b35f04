"""The listwise loss at the edge against a loop over users, levels and prefixes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from world import make_pool, make_world

from nightbeam_training.align.batch import AlignBatch, align_batch
from nightbeam_training.align.beam_scores import candidate_scores
from nightbeam_training.align.edge import edge_margin

WIDTH, DRAFTED, MARGIN = 2, 4, 0.25


@pytest.fixture
def batch(tmp_path: Path) -> AlignBatch:
    world = make_world(levels=3)
    pool = make_pool(world, tmp_path)
    return align_batch(
        pool.take(np.arange(6)), trie=pool.trie, tokens=world.prompts.tokens, width=WIDTH
    )


def draft_of(batch: AlignBatch, seed: int = 0) -> Tensor:
    noise = torch.randn(batch.log_p.shape, generator=torch.Generator().manual_seed(seed))
    return (batch.log_p + noise).log_softmax(dim=-1).nan_to_num(nan=-torch.inf)


def edge(batch: AlignBatch, log_q: Tensor) -> Tensor:
    return edge_margin(
        log_q,
        batch.log_p,
        batch.tree,
        levels=batch.levels,
        beam_width=WIDTH,
        draft_width=DRAFTED,
        margin=MARGIN,
    )


def naive(batch: AlignBatch, log_q: Tensor) -> float:
    tree = batch.tree
    ours = candidate_scores(log_q.masked_fill(batch.log_p == -torch.inf, -1e4), tree, levels=3)
    theirs = candidate_scores(
        batch.log_p.masked_fill(batch.log_p == -torch.inf, -1e4), tree, levels=3
    )
    total = 0.0
    for user in range(len(tree.nodes)):
        for level in range(2):
            found = [
                (float(theirs[user, node, code]), float(ours[user, node, code]))
                for node in range(tree.nodes.shape[1])
                for code in range(batch.log_p.shape[2])
                if tree.nodes[user, node] >= 0
                and tree.depth[user, node] == level
                and batch.log_p[user, node, code] > -torch.inf
            ]
            found.sort(reverse=True)
            others = sorted((score for _, score in found[WIDTH:]), reverse=True)
            if len(others) <= DRAFTED - WIDTH:
                continue
            limit = others[DRAFTED - WIDTH]
            total += sum(
                math.log1p(math.exp((limit + MARGIN - score) / MARGIN))
                for _, score in found[:WIDTH]
            )
    return total / (2 * len(tree.nodes))


def test_is_the_sum_over_the_needed_prefixes(batch: AlignBatch) -> None:
    log_q = draft_of(batch)
    assert naive(batch, log_q) > 0
    assert float(edge(batch, log_q)) == pytest.approx(naive(batch, log_q), rel=1e-4)


def test_gradients_are_finite_and_raise_what_is_needed(batch: AlignBatch) -> None:
    log_q = draft_of(batch).masked_fill(batch.log_p == -torch.inf, -torch.inf).requires_grad_()
    loss = edge(batch, log_q)
    loss.backward()
    gradient = log_q.grad
    assert gradient is not None
    assert torch.isfinite(gradient).all()
    better = (log_q - 0.05 * gradient.sign()).detach()
    assert float(edge(batch, better)) < float(loss.detach())
