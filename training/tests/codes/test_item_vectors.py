import json
from pathlib import Path

import numpy as np
import pytest

from nightbeam_training.codes.item_vectors import ItemVectors, read_vectors, write_vectors
from nightbeam_training.errors import TrainingError


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(TrainingError) as caught:
        read_vectors(path)
    assert caught.value.code == "BAD_VECTORS"
    return str(caught.value)


GOOD = {"item": "7", "vector": [0.5, 1]}


def test_reads_lines(tmp_path: Path) -> None:
    vectors = read_vectors(
        lines(tmp_path / "v.jsonl", GOOD, {"item": "ä", "vector": [2, -1], "name": "more"})
    )
    assert vectors.item_ids == ["7", "ä"]
    assert vectors.vectors.tolist() == [[0.5, 1.0], [2.0, -1.0]]
    assert vectors.vectors.dtype == np.float32


def test_npz_round_trip(tmp_path: Path) -> None:
    given = ItemVectors(item_ids=["x", "10"], vectors=np.array([[1, 2], [3, 4]], dtype=np.float32))
    write_vectors(tmp_path / "v.npz", given)
    found = read_vectors(tmp_path / "v.npz")
    assert found.item_ids == given.item_ids
    assert np.array_equal(found.vectors, given.vectors)
    assert [path.name for path in tmp_path.iterdir()] == ["v.npz"]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"vector": [1, 2]}, "line 2"),
        ({"item": 8, "vector": [1, 2]}, "line 2"),
        ({"item": "8"}, "line 2"),
        ({"item": "8", "vector": [1, "2"]}, "line 2"),
        ({"item": "8", "vector": [1, True]}, "line 2"),
        ([1, 2], "line 2"),
        ({"item": "8", "vector": [1, 2, 3]}, "line 2: item 8 has 3 numbers, others have 2"),
        ({"item": "8", "vector": [1, float("nan")]}, "item 8"),
        ({"item": "8", "vector": [1, float("inf")]}, "item 8"),
        ({"item": "8", "vector": [1, 1e300]}, "item 8"),
        ({"item": "7", "vector": [1, 2]}, "item 7 has more than one vector"),
    ],
)
def test_refuses_bad_lines(tmp_path: Path, row: object, named: str) -> None:
    assert named in refused(lines(tmp_path / "v.jsonl", GOOD, row))


def test_refuses_files_of_other_kinds(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "missing.npz")
    assert "has no vectors" in refused(lines(tmp_path / "empty.jsonl"))
    assert "has no vectors" in refused(
        lines(tmp_path / "narrow.jsonl", {"item": "1", "vector": []})
    )
    (tmp_path / "text.npz").write_text("no archive")
    assert "cannot be read" in refused(tmp_path / "text.npz")
    (tmp_path / "half.jsonl").write_text(json.dumps(GOOD)[:-3])
    assert "line 1" in refused(tmp_path / "half.jsonl")


def test_refuses_bad_npz(tmp_path: Path) -> None:
    path = tmp_path / "v.npz"
    np.savez(path, vectors=np.ones((2, 2)))
    assert "'item_ids'" in refused(path)
    np.savez(path, item_ids=np.array(["1"]), vectors=np.ones((2, 2)))
    assert "[1]" in refused(path)
    np.savez(path, item_ids=np.array(["1", None], dtype=object), vectors=np.ones((2, 2)))
    assert "cannot be read" in refused(path)
    np.savez(path, item_ids=np.array(["1", "2"]), vectors=np.array([[1.0], [np.nan]]))
    assert "item 2" in refused(path)
