"""Teacher files by their documented format, and the pool that reads them against a loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from world import World, label, make_catalogue_at_random, source_of

from nightbeam_training.data.catalogue import make_catalogue
from nightbeam_training.data.teacher_files import (
    read_teacher_file,
    read_teacher_source,
    shared_source,
    teacher_files,
    write_teacher_file,
)
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.errors import TrainingError

CATALOGUE = make_catalogue(["a", "b", "c", "d"], np.array([[0, 1], [0, 3], [2, 0], [2, 0]]))
METADATA = {
    "format": "nightbeam-teacher",
    "version": "1",
    "target": "0123",
    "catalogue": CATALOGUE.hash,
    "scoring": "renormalized",
    "levels": "2",
}


def by_hand() -> dict[str, np.ndarray]:
    """Two users: one with root, (0) and (2), one with the root and (2) and nothing known after."""
    return {
        "prompt_offsets": np.array([0, 3, 4], dtype=np.int64),
        "node_offsets": np.array([0, 3, 5], dtype=np.int64),
        "value_offsets": np.array([0, 2, 4, 5, 7, 8], dtype=np.int64),
        "prompt_tokens": np.array([1, 4, 9, 1], dtype=np.int32),
        "truth": np.array([[2, 0], [-1, -1]], dtype=np.int32),
        "node_parent": np.array([-1, 0, 0, -1, 0], dtype=np.int32),
        "node_code": np.array([-1, 0, 2, -1, 2], dtype=np.int32),
        "values": np.array([-1, -0.5, -2, -0.25, 0, -3, -0.125, 0], dtype=np.float16),
    }


def write_by_hand(path: Path, metadata: dict[str, str] | None = None, **arrays: object) -> Path:
    chosen = {name: array for name, array in {**by_hand(), **arrays}.items() if array is not None}
    save_file(chosen, path, metadata={**METADATA, **(metadata or {})})
    return path


def test_a_file_written_by_hand_is_read(tmp_path: Path) -> None:
    path = write_by_hand(tmp_path / "a.safetensors")
    source = read_teacher_source(path)
    assert (source.target, source.catalogue) == ("0123", CATALOGUE.hash)
    assert (source.scoring, source.levels) == ("renormalized", 2)
    none = -np.inf
    batch = TeacherPool([path], CATALOGUE.trie).take(np.array([1, 0]))
    assert batch.prompts.tolist() == [[-1, -1, 1], [1, 4, 9]]
    assert batch.truth.tolist() == [[-1, -1], [2, 0]]
    assert batch.nodes.tolist() == [[0, 2, -1], [0, 1, 2]]
    assert batch.log_p.tolist() == [
        [[-3, none, -0.125, none], [0, none, none, none], [none] * 4],
        [[-1, none, -0.5, none], [none, -2, none, -0.25], [0, none, none, none]],
    ]


def test_written_and_read_is_the_same(world: World, tmp_path: Path) -> None:
    examples = label(world, world.histories).examples
    path = tmp_path / "new" / "a.safetensors"
    write_teacher_file(path, examples, source_of(world.catalogue))
    read = read_teacher_file(path)
    for name, array in vars(examples).items():
        assert np.array_equal(getattr(read, name), array)
        assert getattr(read, name).dtype == array.dtype
    assert read_teacher_source(path) == source_of(world.catalogue)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.safetensors"]


def test_types_are_those_of_the_format(world: World) -> None:
    examples = label(world, world.histories).examples
    assert {name: str(array.dtype) for name, array in vars(examples).items()} == {
        name: str(array.dtype) for name, array in by_hand().items()
    }


def without(name: str) -> dict[str, object]:
    return {name: None}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (without("values"), "cannot be read"),
        ({"surplus": np.zeros(1)}, "cannot be read"),
        ({"values": np.zeros(7, dtype=np.float16)}, "offsets do not fit"),
        ({"prompt_offsets": np.array([0, 5, 4])}, "offsets do not fit"),
        ({"prompt_offsets": np.array([1, 3, 4])}, "offsets do not fit"),
        ({"node_offsets": np.array([0, 5])}, "offsets do not fit"),
        ({"node_offsets": np.array([0, 5, 5])}, "offsets do not fit"),
        ({"node_parent": np.array([-1, 0, 0, -1], dtype=np.int32)}, "offsets do not fit"),
        ({"truth": np.array([-1, -1])}, "wrong shape"),
        ({"values": np.zeros((8, 1), dtype=np.float16)}, "wrong shape"),
        ({"node_parent": np.array([0, 0, 0, -1, 0])}, "does not come before"),
        ({"node_parent": np.array([-1, 0, -1, -1, 0])}, "does not come before"),
        ({"node_parent": np.array([-1, 2, 0, -1, 0])}, "does not come before"),
        ({"node_parent": np.array([-1, 0, 0, -1, 9])}, "does not come before"),
        ({"node_code": np.array([-1, 0, 1, -1, 2])}, "not in the catalogue"),
        ({"node_code": np.array([-1, 0, 6, -1, 2])}, "not in the catalogue"),
        ({"value_offsets": np.array([0, 2, 3, 5, 7, 8])}, "not in the catalogue"),
        ({"truth": np.full((2, 3), -1)}, "not in the catalogue"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, object], message: str
) -> None:
    path = write_by_hand(tmp_path / "a.safetensors", **arrays)
    with pytest.raises(TrainingError) as caught:
        TeacherPool([path], CATALOGUE.trie)
    assert caught.value.code == "BAD_TEACHER_DATA"
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"format": "other"}, "is not nightbeam-teacher version 1"),
        ({"version": "2"}, "is not nightbeam-teacher version 1"),
        ({"scoring": "half"}, "scoring or levels"),
        ({"levels": "four"}, "scoring or levels"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, metadata: dict[str, str], message: str) -> None:
    path = write_by_hand(tmp_path / "a.safetensors", metadata)
    with pytest.raises(TrainingError, match=message) as caught:
        read_teacher_source(path)
    assert caught.value.code == "BAD_TEACHER_DATA"


def test_files_that_are_not_safetensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"no")
    for read in (read_teacher_source, read_teacher_file):
        with pytest.raises(TrainingError, match="cannot be read"):
            read(path)


def test_files_must_have_their_source_in_common(tmp_path: Path) -> None:
    folders = [tmp_path / "x", tmp_path / "y"]
    for folder in folders:
        folder.mkdir()
    with pytest.raises(TrainingError, match=r"no \*\.safetensors"):
        teacher_files(folders)
    write_by_hand(folders[0] / "b.safetensors")
    write_by_hand(folders[0] / "a.safetensors")
    write_by_hand(folders[1] / "c.safetensors")
    (folders[1] / "teacher.json").write_text("{}")
    files = teacher_files([folders[1], folders[0]])
    assert [path.name for path in files] == ["a.safetensors", "b.safetensors", "c.safetensors"]
    assert shared_source(files, CATALOGUE).target == "0123"
    with pytest.raises(TrainingError, match="was written for catalogue"):
        shared_source(files, make_catalogue_at_random())
    write_by_hand(folders[1] / "c.safetensors", {"target": "4567"})
    with pytest.raises(TrainingError, match=r"c\.safetensors: has a different target"):
        shared_source(files, CATALOGUE)


def test_a_write_that_fails_leaves_no_file(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = label(world, world.histories[:1]).examples

    def fail(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[:9])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        write_teacher_file(tmp_path / "a.safetensors", examples, source_of(world.catalogue))
    with pytest.raises(TrainingError, match=r"no \*\.safetensors"):
        teacher_files([tmp_path])
