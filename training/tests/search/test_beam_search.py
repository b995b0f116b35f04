"""Batched search against one path at a time, and against lists of another implementation."""

from __future__ import annotations

import json
from itertools import islice

import numpy as np
import pytest
import torch
from torch import Tensor
from world import (
    Opinion,
    World,
    cpu_trie,
    make_world,
    opinion_of,
    prefixes_by_node,
    search,
    shared_data,
)

from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.model.checkpoint import load_checkpoint
from nightbeam_training.model.search_model import search_model
from nightbeam_training.search.beam_search import Known, SearchResult, beam_search

USERS = 5
SCORINGS: list[Scoring] = ["full", "renormalized"]


@pytest.fixture(scope="module")
def prompts(world: World) -> Tensor:
    return torch.from_numpy(world.prompts.padded(world.histories[:USERS]))


def find(
    world: World, prompts: Tensor, widths: list[int], scoring: Scoring, **more
) -> SearchResult:
    return beam_search(
        search_model(world.target.model),
        prompts,
        widths=widths,
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
        scoring=scoring,
        **more,
    )


def opinions(world: World, prompts: Tensor, scoring: Scoring) -> list[Opinion]:
    rows = [row[row >= 0].numpy() for row in prompts]
    return [opinion_of(world.target, world.catalogue, row, scoring) for row in rows]


def listed(world: World, found: SearchResult, user: int, level: int) -> list[tuple[int, ...]]:
    prefixes = prefixes_by_node(world.catalogue)
    return [prefixes[node] for node in found.levels[level].nodes[user].tolist() if node >= 0]


@pytest.mark.parametrize("scoring", SCORINGS)
@pytest.mark.parametrize("widths", [[1, 1, 1], [4, 4, 4], [2, 7, 3], [500, 500, 500], [3, 2]])
def test_equals_a_search_of_one_path_at_a_time(
    world: World, prompts: Tensor, scoring: Scoring, widths: list[int]
) -> None:
    found = find(world, prompts, widths, scoring)
    assert len(found.levels) == len(widths)
    for user, opinion in enumerate(opinions(world, prompts, scoring)):
        for level, beams in enumerate(search(opinion, widths)):
            assert listed(world, found, user, level) == [prefix for _, prefix in beams]
            scores = found.levels[level].scores[user]
            np.testing.assert_allclose(scores[: len(beams)], [s for s, _ in beams], atol=1e-5)
            assert (scores[len(beams) :] == -torch.inf).all()
            assert (found.levels[level].nodes[user, len(beams) :] == -1).all()


@pytest.mark.parametrize("scoring", SCORINGS)
def test_equals_it_over_many_levels(scoring: Scoring) -> None:
    deep = make_world(levels=5, codes=3)
    prompts = torch.from_numpy(deep.prompts.padded(deep.histories[:USERS]))
    found = find(deep, prompts, [4] * 5, scoring)
    for user, opinion in enumerate(opinions(deep, prompts, scoring)):
        for level, beams in enumerate(search(opinion, [4] * 5)):
            assert listed(deep, found, user, level) == [prefix for _, prefix in beams]


@pytest.mark.parametrize("scoring", SCORINGS)
def test_wide_enough_it_ranks_all_paths(world: World, prompts: Tensor, scoring: Scoring) -> None:
    found = find(world, prompts, [500, 500, 500], scoring)
    paths = {tuple(path) for path in world.catalogue.codes.tolist()}
    for user, opinion in enumerate(opinions(world, prompts, scoring)):
        score = {
            path: sum(opinion(path[:level])[path[level]] for level in range(3)) for path in paths
        }
        ranked = sorted(paths, key=lambda path: -score[path])
        assert listed(world, found, user, 2) == ranked
        if scoring == "renormalized":
            assert found.levels[-1].scores[user].exp().sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_returns_log_probabilities_of_all_expanded_nodes(
    world: World, prompts: Tensor, scoring: Scoring
) -> None:
    truth = torch.from_numpy(world.catalogue.codes[:USERS]).clone()
    truth[1] = -1
    found = find(world, prompts, [2, 2, 2], scoring, extra_paths=truth)
    plain = find(world, prompts, [2, 2, 2], scoring)
    prefixes = prefixes_by_node(world.catalogue)
    for user, opinion in enumerate(opinions(world, prompts, scoring)):
        for level in range(3):
            assert listed(world, found, user, level) == listed(world, plain, user, level)
        nodes = found.expanded[user].tolist()
        path = tuple(truth[user].tolist())
        looked_at = {()} | {
            prefix for level in (0, 1) for prefix in listed(world, plain, user, level)
        }
        if path[0] >= 0:
            looked_at |= {path[:1], path[:2]}
        assert nodes[0] == 0
        assert {prefixes[node] for node in nodes if node >= 0} == looked_at
        for place, node in enumerate(nodes):
            answers = opinion(prefixes[node]) if node >= 0 else {}
            expected = [answers.get(code, -np.inf) for code in range(world.catalogue.trie.codes)]
            np.testing.assert_allclose(found.log_probs[user, place], expected, atol=1e-5)


def test_other_users_in_the_batch_have_no_effect(world: World, prompts: Tensor) -> None:
    together = find(world, prompts, [4, 4, 4], "full")
    for user in range(USERS):
        row = prompts[user]
        alone = find(world, row[row >= 0][None], [4, 4, 4], "full")
        assert listed(world, alone, 0, 2) == listed(world, together, user, 2)


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_beams_of_the_kept_width_stay(world: World, prompts: Tensor, keep: int) -> None:
    """Also if wider beams have better children than the kept ones."""
    wide = find(world, prompts, [5, 5, 5], "full", keep=keep)
    narrow = find(world, prompts, [keep] * 3, "full")
    plain = find(world, prompts, [5, 5, 5], "full")
    pushed_out = 0
    for user in range(USERS):
        for level in range(3):
            kept = set(listed(world, narrow, user, level))
            assert kept <= set(listed(world, wide, user, level))
            assert len(listed(world, wide, user, level)) == 5
            pushed_out += len(kept - set(listed(world, plain, user, level)))
    assert pushed_out > 0 or keep > 1


def test_known_values_replace_the_models(world: World, prompts: Tensor) -> None:
    """The draft's search with all of the target's answers is the target's search."""
    everything = find(world, prompts, [500, 500, 500], "full")
    known = Known(everything.expanded, everything.log_probs)
    trie = cpu_trie(world.catalogue)
    found, own = (
        beam_search(
            search_model(world.draft.model),
            prompts,
            widths=[4, 4, 4],
            trie=trie,
            tokens=world.prompts.tokens,
            known=answers,
        )
        for answers in (known, Known(torch.full((USERS, 1), -2), known.log_probs[:, :1]))
    )
    target = find(world, prompts, [4, 4, 4], "full")
    assert torch.equal(found.levels[-1].nodes, target.levels[-1].nodes)
    plain = beam_search(
        search_model(world.draft.model),
        prompts,
        widths=[4, 4, 4],
        trie=trie,
        tokens=world.prompts.tokens,
    )
    assert torch.equal(own.levels[-1].nodes, plain.levels[-1].nodes)
    assert not torch.equal(plain.levels[-1].nodes, target.levels[-1].nodes)


def test_equal_scores_go_to_the_smaller_path(world: World, prompts: Tensor) -> None:
    everything = find(world, prompts, [500, 500, 500], "full")
    flat = everything.log_probs.masked_fill(everything.log_probs > -torch.inf, -1.0)
    answers = Known(everything.expanded, flat)
    found = find(world, prompts, [500, 500, 500], "full", known=answers)
    nodes = found.levels[-1].nodes[0]
    nodes = nodes[nodes >= 0]
    assert len(nodes) == len(np.unique(world.catalogue.codes, axis=0))
    assert torch.equal(nodes, nodes.sort().values)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_lists_of_another_implementation_with_a_real_model(scoring: Scoring) -> None:
    shared = shared_data()
    catalogue = read_catalogue(shared / "data" / "beauty" / "items.index.json")
    target = load_checkpoint(shared / "models" / "beauty-target")
    with (shared / "golden" / "beauty-beams.jsonl").open() as lines:
        users = [json.loads(line) for line in islice(lines, 20)]
    histories = [np.array(user["history"]) - 1 for user in users]
    reader = open_prompts(target.prompt, catalogue, shared)
    prompts = reader.padded(histories)
    for row, user in zip(prompts, users, strict=True):
        assert row[row >= 0].tolist() == user["prompt"]
    found = beam_search(
        search_model(target.model),
        torch.from_numpy(prompts),
        widths=[20] * 4,
        trie=cpu_trie(catalogue),
        tokens=reader.tokens,
        scoring=scoring,
    )
    path_of = dict(zip(catalogue.leaf_of.tolist(), catalogue.codes.tolist(), strict=True))
    best = found.levels[-1]
    for number, user in enumerate(users):
        expected = user[scoring]
        paths = [path_of[leaf] for leaf in best.nodes[number].tolist()]
        assert paths == [entry["codes"] for entry in expected]
        scores = [entry["score"] for entry in expected]
        np.testing.assert_allclose(best.scores[number], scores, atol=1e-4)
