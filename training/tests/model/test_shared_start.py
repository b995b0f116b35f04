"""Passes that compute the beginning of all prompts once against passes that do not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from world import World, make_model

from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model import search_model as searches
from nightbeam_training.model import shared_start, tree
from nightbeam_training.model.search_model import search_model
from nightbeam_training.model.shared_start import shared_tokens
from nightbeam_training.model.tree import prompt_hidden, tree_hidden, tree_input
from nightbeam_training.search.beam_search import beam_search

START = [1, 5, 5, 9, 13, 2, 2, 7, 4]


def prompts_with(start: list[int], *, users: int = 5) -> torch.Tensor:
    """Of different lengths, padded on the left; the shortest has one token after the start."""
    rng = np.random.default_rng(0)
    rests = [rng.integers(4, 19, size=size).tolist() for size in range(1, users + 1)]
    longest = len(start) + users
    rows = [[-1] * (users - len(rest)) + start + rest for rest in rests]
    assert {len(row) for row in rows} == {longest}
    return torch.tensor(rows)


def test_the_beginning_is_found_whatever_the_padding() -> None:
    prompts = prompts_with(START)
    assert shared_tokens(prompts) == len(START)
    right = torch.stack([torch.roll(row, -int((row < 0).sum())) for row in prompts])
    assert shared_tokens(right) == len(START)
    assert shared_tokens(prompts_with(START[:7])) == 0
    assert shared_tokens(prompts[:1]) == 0
    # The last token of a prompt is its root.
    same = torch.tensor([START, START])
    assert shared_tokens(same) == len(START) - 1


@pytest.fixture
def nodes(world: World) -> torch.Tensor:
    trie = world.catalogue.trie
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(5):
        leaves = rng.choice(np.arange(trie.level_start[3], trie.nodes), 2, replace=False)
        second = trie.parent[leaves]
        rows.append(sorted({0, *second.tolist(), *trie.parent[second].tolist()}))
    widest = max(map(len, rows))
    return torch.tensor([row + [-1] * (widest - len(row)) for row in rows])


def test_trees_have_the_same_logits_and_gradients(
    world: World, nodes: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    trie = TorchTrie(world.catalogue.trie, torch.device("cpu"))
    prompts = prompts_with(START)
    found = []
    for shared in (True, False):
        if not shared:
            monkeypatch.setattr(tree, "shared_tokens", lambda _: 0)
        model = make_model(world.spec, seed=3, num_key_value_heads=1).model
        given = tree_input(prompts, nodes, trie=trie, tokens=world.prompts.tokens)
        assert (given.shared > 0) == shared
        logits = model.logits(tree_hidden(model, given))[nodes >= 0]
        logits.logsumexp(dim=-1).sum().backward()
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        hidden = prompt_hidden(model, given, whole=False)
        found.append((logits, hidden, *gradients))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_searches_find_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    trie = TorchTrie(world.catalogue.trie, torch.device("cpu"))
    found = []
    for shared in (True, False):
        if not shared:
            monkeypatch.setattr(searches, "shared_tokens", lambda _: 0)
        result = beam_search(
            search_model(world.target.model),
            prompts_with(START),
            widths=[4, 6, 5],
            trie=trie,
            tokens=world.prompts.tokens,
            extra_paths=torch.from_numpy(world.catalogue.codes[:5]),
        )
        found.append(result)
    one, other = found
    assert torch.equal(one.expanded, other.expanded)
    torch.testing.assert_close(one.log_probs, other.log_probs, atol=1e-5, rtol=1e-5)
    assert torch.equal(one.levels[-1].nodes, other.levels[-1].nodes)


def test_the_start_is_computed_for_one_user(
    world: World, nodes: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    trie = TorchTrie(world.catalogue.trie, torch.device("cpu"))
    given = tree_input(prompts_with(START), nodes, trie=trie, tokens=world.prompts.tokens)
    model, sizes = world.target.model, []
    whole = model.hidden

    def counted(tokens: torch.Tensor, *args: object, **more: object) -> object:
        sizes.append(tuple(tokens.shape))
        return whole(tokens, *args, **more)

    monkeypatch.setattr(model, "hidden", counted)
    tree_hidden(model, given)
    assert sizes == [(1, len(START)), (5, given.tokens.shape[1] - len(START))]
    assert len(START) >= shared_start.MIN_TOKENS
