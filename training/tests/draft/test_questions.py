"""Rounds of questions, and the examples that a draft learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from world import make_pool, make_world

from nightbeam_training.align.batch import drafted_levels
from nightbeam_training.data.histories import Histories
from nightbeam_training.draft.questions import rounds

ITEMS = [np.arange(length) for length in (1, 3, 5, 2)]
HISTORIES = Histories(users=list("abcd"), items=ITEMS, texts=[{"q": user} for user in "abcd"])


@pytest.mark.parametrize("examples", [1, 4, 5, 9, 40])
def test_rounds_have_as_many_examples_as_asked(examples: int) -> None:
    made = list(rounds(HISTORIES, examples=examples, seed=0))
    total = sum(each.examples for each in made)
    # A question that is rolled makes two examples.
    assert examples <= total <= examples + 1
    assert made[0].kind == "whole"
    assert [each.number for each in made] == list(range(len(made)))
    assert len({each.name for each in made}) == len(made)
    assert all(question.texts["q"] in "abcd" for each in made for question in each.questions)


def test_rounds_differ_and_depend_on_the_seed_alone() -> None:
    def all_of(seed: int) -> list[list[int]]:
        return [
            question.history.tolist()
            for each in rounds(HISTORIES, examples=60, seed=seed)
            for question in each.questions
        ]

    assert all_of(1) == all_of(1)
    assert all_of(1) != all_of(2)
    mixed = [each for each in rounds(HISTORIES, examples=60, seed=1) if each.kind == "mix"]
    drawn = [[question.history.tolist() for question in each.questions] for each in mixed]
    assert drawn[0] != drawn[1]


def test_only_drafted_levels_are_learned(tmp_path: Path) -> None:
    world = make_world()
    pool = make_pool(world, tmp_path)
    examples = pool.take(np.arange(12))
    inner = drafted_levels(examples, pool.trie)
    depth = pool.trie.depth(inner.nodes)
    assert int(depth.max()) == pool.trie.levels - 2
    count = inner.nodes.shape[1]
    kept = inner.nodes >= 0
    assert torch.equal(inner.nodes[kept], examples.nodes[:, :count][kept])
    assert torch.equal(inner.log_p[kept], examples.log_p[:, :count][kept])
    assert bool((inner.log_p[~kept] == -torch.inf).all())
    left_out = (examples.nodes >= 0).sum() - kept.sum()
    assert left_out == (pool.trie.depth(examples.nodes) == pool.trie.levels - 1).sum()
