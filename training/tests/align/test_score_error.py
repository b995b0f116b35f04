"""Scores of candidates near the edge of the beam, against sums over a dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from world import Path_, cpu_trie, make_catalogue_at_random

from align.test_sequences import Answers, as_arrays, random_tree
from nightbeam_training.align.beam_scores import score_error
from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.prompt_spec import default_prompt_spec
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.model.tree import TreeInput, tree_input


def scores_of(answers: Answers) -> dict[Path_, float]:
    """Sum of log-probabilities from the root to every child of every prefix."""
    scores: dict[Path_, float] = {(): 0.0}
    for prefix in sorted(answers, key=len):
        for code, value in answers[prefix].items():
            scores[(*prefix, code)] = scores[prefix] + value
    del scores[()]
    return scores


def best_of_each_level(scores: dict[Path_, float], width: int) -> set[Path_]:
    levels: dict[int, list[Path_]] = {}
    for path in scores:
        levels.setdefault(len(path), []).append(path)
    ranked = (sorted(paths, key=scores.__getitem__, reverse=True) for paths in levels.values())
    return {path for paths in ranked for path in paths[:width]}


def huber(error: float) -> float:
    return 0.5 * error**2 if abs(error) <= 1 else abs(error) - 0.5


def tree_of(catalogue: Catalogue, users: list[Answers]) -> tuple[TreeInput, torch.Tensor]:
    nodes, log_probs = as_arrays(catalogue, users)
    spec = default_prompt_spec(catalogue, max_items=4)
    tokens = open_prompts(spec, catalogue, Path("world")).tokens
    prompts = torch.ones(len(users), 3, dtype=torch.int64)
    return tree_input(prompts, nodes, trie=cpu_trie(catalogue), tokens=tokens), log_probs


def other_opinion(answers: Answers, rng: np.random.Generator) -> Answers:
    return {
        prefix: {code: value + rng.normal(0, 1) for code, value in values.items()}
        for prefix, values in answers.items()
    }


@pytest.mark.parametrize("width", [1, 3, 10_000])
@pytest.mark.parametrize("seed", [0, 1])
def test_compares_the_best_candidates_of_either_model(seed: int, width: int) -> None:
    catalogue = make_catalogue_at_random(items=25, seed=seed)
    rng = np.random.default_rng(seed)
    target = [random_tree(catalogue, rng, keep) for keep in (1.0, 0.6, 0.6)]
    draft = [other_opinion(answers, rng) for answers in target]
    tree, log_p = tree_of(catalogue, target)
    _, log_q = tree_of(catalogue, draft)
    errors = []
    for answers, guessed in zip(target, draft, strict=True):
        theirs, ours = scores_of(answers), scores_of(guessed)
        near = best_of_each_level(theirs, width) | best_of_each_level(ours, width)
        errors += [huber(ours[path] - theirs[path]) for path in near]
    found = score_error(log_q, log_p, tree, levels=catalogue.trie.levels, width=width)
    assert float(found) == pytest.approx(np.mean(errors), rel=1e-4)


def test_is_zero_if_the_draft_scores_like_the_target() -> None:
    catalogue = make_catalogue_at_random(items=25, seed=2)
    tree, log_p = tree_of(catalogue, [random_tree(catalogue, np.random.default_rng(2), 1.0)])
    assert float(score_error(log_p, log_p, tree, levels=3, width=5)) == 0


def test_gradients_are_those_of_small_changes_and_reach_the_root() -> None:
    catalogue = make_catalogue_at_random(items=12, seed=3)
    rng = np.random.default_rng(3)
    answers = [random_tree(catalogue, rng, 1.0)]
    tree, log_p = tree_of(catalogue, answers)
    log_p = log_p.double()
    _, log_q = tree_of(catalogue, [other_opinion(answers[0], rng)])
    log_q = log_q.double().requires_grad_()
    # Every candidate is near an edge this wide, so a small change does not change the set.
    found = score_error(log_q, log_p, tree, levels=3, width=10_000)
    (slope,) = torch.autograd.grad(found, log_q)
    assert torch.isfinite(slope).all()
    valid = log_p > -torch.inf
    for at in torch.nonzero(valid)[:: max(1, int(valid.sum()) // 12)]:
        step = torch.zeros_like(log_q)
        step[tuple(at)] = 1e-4
        with torch.no_grad():
            ahead = score_error(log_q + step, log_p, tree, levels=3, width=10_000)
            below = score_error(log_q - step, log_p, tree, levels=3, width=10_000)
        assert float(slope[tuple(at)]) == pytest.approx(float(ahead - below) / 2e-4, abs=1e-5)
    assert slope[0, 0].abs().sum() > 0
