"""Reading an index, its trie against prefixes in lists, and its content hash."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from world import make_catalogue_at_random, prefixes_by_node, shared_data, write_index

from nightbeam_training.data.catalogue import Catalogue, make_catalogue, read_catalogue
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.errors import TrainingError


@pytest.fixture(params=[0, 1, 2])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    return make_catalogue_at_random(items=20, levels=2 + request.param, seed=request.param)


def test_trie_holds_every_prefix_breadth_first(catalogue: Catalogue) -> None:
    trie, prefixes = catalogue.trie, prefixes_by_node(catalogue)
    assert trie.nodes == len(prefixes)
    assert trie.codes == catalogue.codes.max() + 1
    for node, prefix in enumerate(prefixes):
        assert trie.level_start[len(prefix)] <= node < trie.level_start[len(prefix) + 1]
        if prefix:
            assert prefixes[trie.parent[node]] == prefix[:-1]
            assert trie.edge_code[node - 1] == prefix[-1]
    assert trie.parent[0] == -1
    assert trie.level_start[-1] == trie.nodes


def test_steps_lead_to_children_and_nowhere_else(catalogue: Catalogue) -> None:
    """Codes outside the trie's range must not lead to another node's child."""
    trie, prefixes = catalogue.trie, prefixes_by_node(catalogue)
    number = {prefix: node for node, prefix in enumerate(prefixes)}
    nodes = np.arange(-1, trie.nodes)
    on_device = TorchTrie(trie, torch.device("cpu"))
    for code in range(-2, 2 * trie.codes + 1):
        expected = [number.get((*prefixes[node], code), -1) if node >= 0 else -1 for node in nodes]
        assert trie.step(nodes, np.full_like(nodes, code)).tolist() == expected
        codes = torch.full((len(nodes),), code)
        assert on_device.step(torch.from_numpy(nodes), codes).tolist() == expected


def test_children_are_in_order_of_their_codes(catalogue: Catalogue) -> None:
    trie, prefixes = catalogue.trie, prefixes_by_node(catalogue)
    nodes = np.array([0, 2, 1, 0])
    rows, edges = trie.children(nodes)
    found = [(int(row), prefixes[edge + 1]) for row, edge in zip(rows, edges, strict=True)]
    assert found == [
        (row, prefix)
        for row, node in enumerate(nodes)
        for prefix in prefixes
        if prefix and prefix[:-1] == prefixes[node]
    ]
    mask = TorchTrie(trie, torch.device("cpu")).child_mask(torch.tensor([[0, -1], [2, 1]]))
    assert mask.shape == (2, 2, trie.codes)
    assert not mask[0, 1].any()
    assert mask[0, 0].nonzero()[:, 0].tolist() == trie.edge_code[edges[rows == 0]].tolist()
    assert mask[1, 0].nonzero()[:, 0].tolist() == trie.edge_code[edges[rows == 1]].tolist()


def test_leaves_lead_to_their_items(catalogue: Catalogue) -> None:
    prefixes = prefixes_by_node(catalogue)
    order, start = catalogue.items_by_leaf
    first = int(catalogue.trie.level_start[-2])
    for leaf in range(first, catalogue.trie.nodes):
        items = order[start[leaf - first] : start[leaf - first + 1]].tolist()
        assert items == [
            item
            for item, codes in enumerate(catalogue.codes.tolist())
            if tuple(codes) == prefixes[leaf]
        ]
    assert [prefixes[leaf] for leaf in catalogue.leaf_of] == list(map(tuple, catalogue.codes))


def test_reads_an_index(tmp_path: Path) -> None:
    written = make_catalogue_at_random()
    read = read_catalogue(write_index(tmp_path / "index.json", written))
    assert read.item_ids == written.item_ids
    assert np.array_equal(read.codes, written.codes)
    assert read.index_of["item 7"] == 7


def test_the_hash_equals_the_runtimes(tmp_path: Path) -> None:
    """Pinned; ids are ordered by their bytes, and the order of the file has no effect."""
    index = {
        "9": ["<a_0>", "<b_2>"],
        "10": ["<a_0>", "<b_2>"],
        "é": ["<a_300>", "<b_0>"],
        "z": ["<a_0>", "<b_1>"],
    }
    expected = "03554542215cb8d4e2a7850da2f633626c0cffbb6630792def817e05f04e760f"
    for items in (index, dict(reversed(index.items()))):
        path = tmp_path / "index.json"
        path.write_text(json.dumps(items))
        assert read_catalogue(path).hash == expected


def test_different_catalogues_have_different_hashes() -> None:
    codes = np.array([[0, 1], [1, 0]])
    hashes = {
        make_catalogue(["a", "b"], codes).hash,
        make_catalogue(["b", "a"], codes).hash,
        make_catalogue(["a", "c"], codes).hash,
        make_catalogue(["a", "b"], codes + 1).hash,
    }
    assert len(hashes) == 4


def test_the_hash_of_a_real_catalogue_equals_the_runtimes() -> None:
    catalogue = read_catalogue(shared_data() / "data" / "beauty" / "items.index.json")
    assert catalogue.hash == "a428d682d2fdd0d12adde2887c1eb5e250bffc77083282581130dafa7cc721ba"
    assert np.diff(catalogue.trie.level_start).tolist() == [1, 91, 6539, 11172, 12023]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "must be an object"),
        ("{}", "must be an object"),
        ('{"x": []}', "item x must have a list of codes"),
        ('{"x": "<a_1>"}', "item x must have a list of codes"),
        ('{"x": ["<a_1>", "<a_2>"]}', "item x, level 1: expected <b_NUMBER>, found '<a_2>'"),
        ('{"x": ["<a_1>", 2]}', "item x, level 1: expected <b_NUMBER>, found 2"),
        ('{"x": ["<a_-1>"]}', "item x, level 0"),
        ('{"x": ["<a_\u0663>"]}', "item x, level 0"),
        ('{"x": ["<a_65536>", "<b_0>"]}', "item x, level 0: code 65536 is above 65535"),
        ('{"x": ["<a_1>", "<b_1>"], "y": ["<a_1>"]}', "item y has 1 codes, others have 2"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "index.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError) as caught:
        read_catalogue(path)
    assert caught.value.code == "BAD_CATALOGUE"
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cannot be read"):
        read_catalogue(tmp_path / "nowhere.json")
