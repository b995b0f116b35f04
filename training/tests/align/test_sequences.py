"""The K best sequences over a tree, against a search over a dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from world import Path_, cpu_trie, make_catalogue_at_random, prefixes_by_node, search

from nightbeam_training.align.beam_scores import Sequences, sequences_of
from nightbeam_training.data.catalogue import Catalogue
from nightbeam_training.data.prompt_spec import default_prompt_spec
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.model.tree import tree_input

Answers = dict[Path_, dict[int, float]]


def random_tree(catalogue: Catalogue, rng: np.random.Generator, keep: float) -> Answers:
    """Log-probabilities after prefixes; omitting a prefix omits all below it."""
    answers: Answers = {}
    children: dict[Path_, list[int]] = {}
    for prefix in prefixes_by_node(catalogue)[1:]:
        children.setdefault(prefix[:-1], []).append(prefix[-1])
    for prefix, codes in children.items():
        if not prefix or (prefix[:-1] in answers and rng.random() < keep):
            answers[prefix] = dict(zip(codes, rng.normal(-2, 1, len(codes)).tolist(), strict=True))
    return answers


def as_arrays(catalogue: Catalogue, users: list[Answers]) -> tuple[torch.Tensor, torch.Tensor]:
    numbers = {prefix: node for node, prefix in enumerate(prefixes_by_node(catalogue))}
    nodes = np.full((len(users), max(map(len, users))), -1, dtype=np.int64)
    log_p = torch.full((*nodes.shape, catalogue.trie.codes), -torch.inf)
    for user, answers in enumerate(users):
        for place, prefix in enumerate(sorted(answers, key=numbers.__getitem__)):
            nodes[user, place] = numbers[prefix]
            for code, value in answers[prefix].items():
                log_p[user, place, code] = value
    return torch.from_numpy(nodes), log_p


def found_in(
    catalogue: Catalogue, users: list[Answers], width: int
) -> tuple[torch.Tensor, Sequences]:
    nodes, log_p = as_arrays(catalogue, users)
    prompts = torch.ones(len(users), 3, dtype=torch.int64)
    spec = default_prompt_spec(catalogue, max_items=4)
    tokens = open_prompts(spec, catalogue, Path("world")).tokens
    tree = tree_input(prompts, nodes, trie=cpu_trie(catalogue), tokens=tokens)
    return nodes, sequences_of(tree, log_p, levels=catalogue.trie.levels, width=width)


@pytest.mark.parametrize("width", [1, 2, 5, 12, 10_000])
@pytest.mark.parametrize(("seed", "keep"), [(0, 1.0), (1, 1.0), (2, 0.6), (3, 0.3)])
def test_equals_a_search_over_dictionaries(seed: int, keep: float, width: int) -> None:
    """Also if prefixes are missing, and if a user has fewer sequences than requested."""
    catalogue = make_catalogue_at_random(items=25, seed=seed)
    rng = np.random.default_rng(seed)
    users = [random_tree(catalogue, rng, 1.0)]
    users += [random_tree(catalogue, rng, keep) for _ in range(5)]
    nodes, found = found_in(catalogue, users, width)
    prefixes, codes = prefixes_by_node(catalogue), catalogue.trie.codes
    for user, answers in enumerate(users):
        levels = search(lambda prefix, answers=answers: answers.get(prefix, {}), [width] * 3)
        best = {prefix for level in levels for _, prefix in level} | {()}
        for place, node in enumerate(nodes[user]):
            if node < 0:
                assert not found.beams[user, place]
                assert found.counts[user, place].sum() == 0
                continue
            prefix = prefixes[node]
            assert found.beams[user, place] == (prefix in best)
            for code in range(codes):
                through = (*prefix, code)
                count = sum(path[: len(through)] == through for _, path in levels[-1])
                assert found.counts[user, place, code] == count
        for place, code in found.stopped[user].nonzero().tolist():
            assert (*prefixes[nodes[user, place]], code) in best - answers.keys()
        inner = {prefix for level in levels[:2] for _, prefix in level}
        assert found.stopped[user].sum() == len(inner - answers.keys())
        for level, beams in enumerate(levels):
            if beams:
                place, code = divmod(int(found.kth[user, level]), codes)
                assert (*prefixes[nodes[user, place]], code) == beams[-1][1]


def test_counts_add_up_to_the_number_of_sequences() -> None:
    catalogue = make_catalogue_at_random(items=6)
    answers = random_tree(catalogue, np.random.default_rng(0), 1.0)
    paths = len(np.unique(catalogue.codes, axis=0))
    for width in (1, 3, 50):
        _, found = found_in(catalogue, [answers], width)
        assert found.counts[0, 0].sum() == min(width, paths)


def test_a_tree_of_roots_has_no_sequences_of_more_codes() -> None:
    catalogue = make_catalogue_at_random()
    answers = random_tree(catalogue, np.random.default_rng(0), 0.0)
    _, found = found_in(catalogue, [answers], 2)
    assert found.beams.tolist() == [[True]]
    assert found.counts.sum() == 0
    assert found.stopped[0, 0].sum() == 2
