import json
from pathlib import Path

import numpy as np
import pytest

from nightbeam_training.codes.categories import blend_with_categories
from nightbeam_training.codes.cooccurrence import CooccurrenceOptions, cooccurrence_vectors
from nightbeam_training.codes.shop_files import read_shop
from nightbeam_training.errors import TrainingError


def two_tastes(users: int = 200) -> list[np.ndarray]:
    """Users who take either items 0 to 9 or items 10 to 19."""
    rng = np.random.default_rng(0)
    return [rng.permutation(10)[:6] + 10 * (user % 2) for user in range(users)]


def test_items_taken_together_have_near_vectors() -> None:
    options = CooccurrenceOptions(width=2, window=3)
    vectors = cooccurrence_vectors(two_tastes(), items=21, seed=0, options=options)
    similarity = vectors @ vectors.T
    assert vectors.shape == (21, 2)
    assert similarity[:10, :10].min() > 0.8
    assert similarity[10:20, 10:20].min() > 0.8
    assert np.abs(similarity[:10, 10:20]).max() < 0.2
    assert not vectors[20].any()


def test_items_of_different_histories_are_not_near() -> None:
    sequences = [np.array([0, 1]), np.array([2, 3])] * 5
    vectors = cooccurrence_vectors(sequences, items=4, seed=0, options=CooccurrenceOptions(width=4))
    assert np.abs(vectors[:2] @ vectors[2:].T).max() < 1e-4


def test_same_seed_same_vectors() -> None:
    options = CooccurrenceOptions(width=8)
    first, second = (
        cooccurrence_vectors(two_tastes(), items=20, seed=5, options=options) for _ in range(2)
    )
    assert np.array_equal(first, second)


def test_unseen_items_are_placed_in_their_category() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 0], [0, 0], [0, 0]], dtype=np.float32)
    found = blend_with_categories(
        vectors,
        taken=np.array([50, 50, 50, 0, 0, 0]),
        categories=[("a", "x"), ("a", "x"), ("b", "y"), ("b", "y"), ("b", "new"), ()],
        weight=10,
    )
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found[3] @ found[2] > 0.9
    assert found[4] @ found[2] > 0.8
    # No category: the mean of all, which is closer to the two than to the one.
    assert found[5] @ found[0] > found[5] @ found[2] > 0


def test_rarer_items_are_closer_to_their_category() -> None:
    vectors = np.array([[1, 0]] * 9 + [[0, 1]] * 2, dtype=np.float32)
    found = blend_with_categories(
        vectors,
        taken=np.array([100] * 9 + [1, 1000]),
        categories=[("a",)] * 11,
        weight=10,
    )
    assert found[9] @ found[0] > 0.9
    assert found[10] @ found[0] < 0.1


def test_without_category_an_item_keeps_its_vector() -> None:
    vectors = np.array([[1, 0], [0, 1]], dtype=np.float32)
    found = blend_with_categories(vectors, taken=np.array([1, 900]), categories=[(), ()], weight=10)
    assert np.allclose(found, vectors)


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def test_items_of_the_list_come_first(tmp_path: Path) -> None:
    shop = read_shop(
        write(tmp_path / "h.jsonl", {"user": "u", "history": ["9", "1"]}),
        write(tmp_path / "i.jsonl", {"item": "1", "category": ["a", "b"]}, {"item": "2"}),
    )
    assert shop.item_ids == ["1", "2", "9"]
    assert shop.categories == [("a", "b"), (), ()]
    assert [sequence.tolist() for sequence in shop.sequences] == [[2, 0]]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"user": "u"}, "BAD_HISTORIES"),
        ({"user": "u", "history": [1]}, "BAD_HISTORIES"),
        ({"user": "u", "history": ["1"]}, "BAD_HISTORIES"),
    ],
)
def test_refuses_bad_histories(tmp_path: Path, row: object, code: str) -> None:
    with pytest.raises(TrainingError) as caught:
        read_shop(write(tmp_path / "h.jsonl", row), None)
    assert caught.value.code == code


@pytest.mark.parametrize("second", [{"item": "1"}, {"item": 2}, {"item": "2", "category": "a"}, 3])
def test_refuses_bad_items(tmp_path: Path, second: object) -> None:
    histories = write(tmp_path / "h.jsonl", {"user": "u", "history": ["1", "2"]})
    with pytest.raises(TrainingError, match="line 2") as caught:
        read_shop(histories, write(tmp_path / "i.jsonl", {"item": "1"}, second))
    assert caught.value.code == "BAD_CATALOGUE"
