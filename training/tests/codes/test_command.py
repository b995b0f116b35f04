import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nightbeam_training.cli.codes import codes
from nightbeam_training.codes.item_vectors import read_vectors
from nightbeam_training.data.catalogue import read_catalogue
from nightbeam_training.errors import TrainingError


def run(*arguments: object) -> str:
    return (
        CliRunner()
        .invoke(codes, [str(argument) for argument in arguments], catch_exceptions=False)
        .output
    )


def refused(*arguments: object) -> str:
    with pytest.raises(TrainingError) as caught:
        run(*arguments)
    return caught.value.code


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "vectors.npz"
    ids = np.array([f"item {number}" for number in range(60)])
    np.savez(path, item_ids=ids, vectors=rng.normal(size=(60, 5)))
    return path


def test_writes_an_index_that_the_catalogue_reads(tmp_path: Path, vectors: Path) -> None:
    out = tmp_path / "new" / "items.index.json"
    printed = run("--vectors", vectors, "--out", out, "--levels", 3, "--codes-per-level", 8)
    catalogue = read_catalogue(out)
    assert catalogue.item_ids == [f"item {number}" for number in range(60)]
    assert catalogue.codes.shape == (60, 3)
    assert len(np.unique(catalogue.codes, axis=0)) == 60
    assert catalogue.trie.codes <= 8
    assert "60 items, vectors of width 5" in printed
    assert "every item has its own path" in printed
    assert str(out) in printed
    assert [path.name for path in out.parent.iterdir()] == ["items.index.json"]


def test_same_seed_same_file(tmp_path: Path, vectors: Path) -> None:
    for name in ("a", "b"):
        run("--vectors", vectors, "--out", tmp_path / name, "--codes-per-level", "8,4,4")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_counts_shared_paths(tmp_path: Path, vectors: Path) -> None:
    out = tmp_path / "index.json"
    printed = run("--vectors", vectors, "--out", out, "--codes-per-level", "5,5")
    catalogue = read_catalogue(out)
    sizes = np.unique(catalogue.leaf_of, return_counts=True)[1]
    assert catalogue.trie.nodes == 1 + 5 + 25
    assert f"{sizes[sizes > 1].sum()} items share {(sizes > 1).sum()} paths" in printed


def test_learns_from_histories(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    histories, items = tmp_path / "histories.jsonl", tmp_path / "items.jsonl"
    rows = [
        {"user": str(user), "history": [str(x) for x in rng.permutation(10)[:6] + 10 * (user % 2)]}
        for user in range(100)
    ]
    histories.write_text("\n".join(map(json.dumps, rows)))
    listed = [{"item": str(x), "category": ["even", "ab"[x // 10 % 2]]} for x in range(20)]
    listed.append({"item": "cold", "category": ["even", "b"]})
    items.write_text("\n".join(map(json.dumps, listed)))
    out, kept = tmp_path / "index.json", tmp_path / "vectors.npz"
    arguments = ["--histories", histories, "--items", items, "--out", out, "--vectors-out", kept]
    run(*arguments, "--codes-per-level", "2,12", "--width", 4)
    catalogue = read_catalogue(out)
    first = catalogue.codes[:, 0].tolist()
    assert set(first[:10]) != set(first[10:20])
    assert len(set(first[:10])) == len(set(first[10:])) == 1
    assert read_vectors(kept).item_ids == catalogue.item_ids
    again = tmp_path / "again.json"
    run("--vectors", kept, "--out", again, "--codes-per-level", "2,12")
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    "more",
    [
        ["--levels", 0],
        ["--levels", 27],
        ["--codes-per-level", "many"],
        ["--codes-per-level", 0],
        ["--codes-per-level", "4,4", "--levels", 3],
        ["--histories", __file__],
        ["--vectors-out", "kept.npz"],
    ],
)
def test_refuses_bad_options(tmp_path: Path, vectors: Path, more: list[object]) -> None:
    out = tmp_path / "index.json"
    assert refused("--vectors", vectors, "--out", out, *more) == "BAD_OPTION"
    assert not out.exists()


def test_few_items_leave_most_codes_unused(tmp_path: Path, vectors: Path) -> None:
    out = tmp_path / "index.json"
    run("--vectors", vectors, "--out", out)
    assert read_catalogue(out).codes.max() < 10


def test_needs_vectors_or_histories(tmp_path: Path) -> None:
    assert refused("--out", tmp_path / "index.json") == "BAD_OPTION"
