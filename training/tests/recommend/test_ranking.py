"""Recall and NDCG by hand, and lists against a search of every item."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from world import MACHINE, World, as_users

from nightbeam_training.data.augment import Question
from nightbeam_training.recommend.ranking import Lists, popular, rankings
from nightbeam_training.teach.label import Teacher


def test_recall_and_ndcg_are_those_by_hand() -> None:
    lists = [np.array([5, 3, 4]), np.array([7]), np.array([1, 2, 0])]
    one, three = rankings(lists, np.array([3, 8, 1]), ks=[1, 3])
    assert (one.k, one.recall, one.ndcg) == (1, pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert three.recall == pytest.approx(2 / 3)
    assert three.ndcg == pytest.approx((1 / log2(3) + 1) / 3)


def test_popular_items_are_counted_without_the_last_ones() -> None:
    histories = [np.array([2, 1, 0]), np.array([1, 2, 0]), np.array([1, 0])]
    assert popular(histories, items=4, count=3).tolist() == [1, 2, 0]


def test_lists_have_all_items_of_the_best_paths_in_the_order_of_the_users(world: World) -> None:
    histories = world.histories[:9]
    lists = Lists(world.target.model, world.prompts, machine=MACHINE).of(
        as_users(histories), beam_width=4, count=3
    )
    teacher = Teacher(world.target, world.prompts, machine=MACHINE, scoring="full")
    found = teacher.label([Question(history, None) for history in histories], width=4).best
    catalogue = world.catalogue
    for row, leaves in zip(lists, found, strict=True):
        items = [
            item
            for leaf in leaves[leaves >= 0]
            for item in np.flatnonzero(catalogue.leaf_of == leaf)
        ]
        assert row.tolist() == items[:3]
