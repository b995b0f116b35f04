"""Levels of closing tokens: the trie, and teacher data that is completed for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from world import MACHINE, World, make_pool

from nightbeam_training.align.accept import Evaluator
from nightbeam_training.data.closing_levels import add_closing_levels
from nightbeam_training.data.prompt_spec import PromptSpec
from nightbeam_training.data.prompts import Prompts, open_prompts
from nightbeam_training.data.teacher_pool import TeacherPool


def closed(world: World, end: list[int]) -> Prompts:
    fields = world.spec.model_dump(exclude_unset=True)
    spec = PromptSpec.model_validate({**fields, "end": end})
    return open_prompts(spec, world.catalogue, Path("here"))


@pytest.mark.parametrize("levels", [1, 3])
def test_every_leaf_has_one_child_a_level(world: World, levels: int) -> None:
    before, after = world.catalogue, add_closing_levels(world.catalogue, levels)
    assert after.hash == before.hash
    trie = after.trie
    assert (trie.levels, trie.closing) == (3 + levels, levels)
    assert trie.level_start[:5].tolist() == before.trie.level_start.tolist()
    nodes = before.leaf_of
    for _ in range(levels):
        below = trie.step(nodes, np.zeros_like(nodes))
        assert np.array_equal(trie.parent[below], nodes)
        assert np.all(trie.child_start[nodes + 1] - trie.child_start[nodes] == 1)
        nodes = below
    assert np.array_equal(nodes, after.leaf_of)
    assert np.array_equal(np.unique(nodes), np.arange(trie.level_start[-2], trie.nodes))


def test_a_search_has_them_under_full_scoring_alone(world: World) -> None:
    prompts = closed(world, [2, 0])
    assert prompts.searched("renormalized") is prompts
    assert world.prompts.searched("full") is world.prompts
    searched = prompts.searched("full")
    assert searched.catalogue.trie.levels == 5
    assert searched.tokens.table[3:, 0].tolist() == [2, 0]
    history = world.histories[0]
    assert searched.encode(history).tolist() == world.prompts.encode(history).tolist()


def test_the_best_paths_of_the_data_are_added(world: World, tmp_path: Path) -> None:
    before = make_pool(world, tmp_path, width=4)
    searched = closed(world, [2, 0]).searched("full")
    trie, leaf = searched.catalogue.trie, int(world.catalogue.trie.level_start[3])
    pool = TeacherPool([tmp_path / "teacher.safetensors"], trie)
    everyone = np.arange(len(pool))
    old, new = before.take(everyone), pool.take(everyone)
    for user in range(len(pool)):
        known = [int(node) for node in old.nodes[user] if node >= 0]
        added = [int(node) for node in new.nodes[user] if node >= leaf]
        scores = {0: 0.0}
        paths: dict[int, float] = {}
        for place, node in enumerate(known):
            for code, value in enumerate(old.log_p[user, place].tolist()):
                if value > -np.inf:
                    child = int(trie.step(np.array([node]), np.array([code]))[0])
                    (paths if child >= leaf else scores)[child] = scores[node] + value
        last = [node for node in known if node >= world.catalogue.trie.level_start[2]]
        best = sorted(sorted(paths, key=lambda node: -paths[node])[: len(last)])
        count = int(trie.level_start[4] - leaf)
        assert added == [*best, *(node + count for node in best)]
        assert [int(node) for node in new.nodes[user, : len(known)]] == known
        assert torch.equal(new.log_p[user, : len(known)], old.log_p[user, : len(known)])
        rest = new.log_p[user, len(known) : len(known) + len(added)]
        assert rest[:, 0].tolist() == [0.0] * len(added)
        assert bool((rest[:, 1:] == -torch.inf).all())
    assert pool.truth[:, 3:].tolist() == [[0, 0]] * len(pool)


@pytest.mark.parametrize("end", [[], [2], [2, 0]])
def test_whole_paths_are_asked_about_too(world: World, tmp_path: Path, end: list[int]) -> None:
    """A draft that proposes everything needs one call, and sends all prefixes and closing nodes."""
    make_pool(world, tmp_path, width=4)
    prompts = closed(world, end).searched("full")
    pool = TeacherPool([tmp_path / "teacher.safetensors"], prompts.catalogue.trie)
    evaluator = Evaluator(
        world.draft, trie=pool.trie, tokens=prompts.tokens, machine=MACHINE, scoring="full"
    )
    steps = pool.trie.levels - 1
    found = evaluator.acceptance(pool.take(np.arange(8)), beam_width=3, draft_widths=[1000] * steps)
    sizes = np.diff(pool.trie.level_start)[1:-1].sum()
    assert (found.calls, found.accepted_steps, found.nodes) == (8, 8 * steps, 8 * sizes)
