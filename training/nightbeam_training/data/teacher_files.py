"""Teacher data: the target's log-probabilities over the valid codes at the nodes of a beam tree.

One self-contained safetensors file holds many examples; `docs/formats/teacher-data.md` specifies
the format. `nightbeam-train teacher` and `nightbeam recommend --teacher-log` write it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from nightbeam_training.data.catalogue import Catalogue, Ints
from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing

FORMAT, VERSION = "nightbeam-teacher", "1"
Scoring = Literal["full", "renormalized"]


@dataclass(frozen=True)
class TeacherSource:
    """Metadata that must be equal in all files of one training run."""

    target: str
    """Hash of the target's checkpoint."""
    catalogue: str
    """Content hash of the catalogue."""
    scoring: Scoring
    levels: int


@dataclass(frozen=True)
class TeacherExamples:
    """U examples; node 0 of each is the root, parents before children, siblings by code."""

    prompt_offsets: Ints
    """[U + 1]"""
    prompt_tokens: npt.NDArray[np.int32]
    truth: npt.NDArray[np.int32]
    """Code path of the item that the user took next, -1 if unknown: [U, levels]."""
    node_offsets: Ints
    """[U + 1]"""
    node_parent: npt.NDArray[np.int32]
    """Index within the example's own nodes, -1 for the root."""
    node_code: npt.NDArray[np.int32]
    value_offsets: Ints
    """[nodes + 1]"""
    values: npt.NDArray[np.float16]
    """Log-probabilities of each node's children in the catalogue, in order of their codes."""

    def __len__(self) -> int:
        return len(self.truth)


def write_teacher_file(path: Path, examples: TeacherExamples, source: TeacherSource) -> None:
    """The file is written atomically; the same examples and source give the same bytes."""
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "target": source.target,
        "catalogue": source.catalogue,
        "scoring": source.scoring,
        "levels": str(source.levels),
    }
    with replacing(path) as partial:
        partial.write_bytes(_in_fixed_order(save(vars(examples), metadata=metadata)))


def _in_fixed_order(file: bytes) -> bytes:
    """The same safetensors file with sorted metadata: the library's order is arbitrary."""
    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + file[start:]


def read_teacher_source(path: Path) -> TeacherSource:
    """Raises TrainingError BAD_TEACHER_DATA if the file is not teacher data."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: cannot be read: {error}") from error
    scoring, levels = metadata.get("scoring", ""), metadata.get("levels", "")
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: is not {FORMAT} version {VERSION}")
    if scoring not in get_args(Scoring) or not levels.isdigit():
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: scoring or levels are missing")
    return TeacherSource(
        target=metadata.get("target", ""),
        catalogue=metadata.get("catalogue", ""),
        scoring=cast("Scoring", scoring),
        levels=int(levels),
    )


def read_teacher_file(path: Path) -> TeacherExamples:
    """Raises TrainingError BAD_TEACHER_DATA if arrays are missing or inconsistent."""
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        examples = TeacherExamples(**arrays)
    except (OSError, SafetensorError, TypeError) as error:
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: cannot be read: {error}") from error
    dimensions = {name: 2 if name == "truth" else 1 for name in arrays}
    if any(array.ndim != dimensions[name] for name, array in arrays.items()):
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: has arrays of the wrong shape")
    users, nodes = len(examples), len(examples.node_code)
    if not (
        len(examples.node_parent) == nodes
        and _cover(examples.prompt_offsets, users, examples.prompt_tokens)
        and _cover(examples.node_offsets, users, examples.node_code)
        and _cover(examples.value_offsets, nodes, examples.values)
    ):
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: offsets do not fit their arrays")
    own = np.arange(nodes) - np.repeat(examples.node_offsets[:-1], np.diff(examples.node_offsets))
    above = examples.node_parent
    if np.any((above < 0) != (own == 0)) or np.any(above >= np.maximum(own, 1)):
        raise TrainingError("BAD_TEACHER_DATA", f"{path}: a node's parent does not come before it")
    return examples


def count_examples(path: Path) -> int:
    """Number of examples of a file, by its header."""
    with safe_open(path, framework="numpy") as file:
        return int(file.get_slice("truth").get_shape()[0])


def _cover(offsets: Ints, count: int, flat: npt.NDArray[Any]) -> bool:
    """Whether the offsets split the whole array into `count` non-empty pieces."""
    ends = len(offsets) == count + 1 and offsets[0] == 0 and offsets[-1] == len(flat)
    return bool(ends and np.all(np.diff(offsets) > 0))


def joined_offsets(offsets: list[Ints]) -> Ints:
    """Offsets of concatenated arrays."""
    counts = np.concatenate([np.diff(part) for part in offsets])
    return np.concatenate([[0], np.cumsum(counts)])


def teacher_files(directories: list[Path]) -> list[Path]:
    """All teacher files below the directories, in a fixed order."""
    files = sorted(path for folder in directories for path in folder.glob("*.safetensors"))
    if not files:
        named = ", ".join(str(folder) for folder in directories)
        raise TrainingError("BAD_TEACHER_DATA", f"{named}: no *.safetensors file found")
    return files


def shared_source(files: list[Path], catalogue: Catalogue) -> TeacherSource:
    """The metadata that the files share; raises BAD_TEACHER_DATA if they differ."""
    first = read_teacher_source(files[0])
    if first.catalogue != catalogue.hash:
        raise TrainingError(
            "BAD_TEACHER_DATA",
            f"{files[0]}: was written for catalogue {first.catalogue[:12]}, "
            f"this one is {catalogue.hash[:12]}",
        )
    for path in files[1:]:
        if read_teacher_source(path) != first:
            raise TrainingError(
                "BAD_TEACHER_DATA",
                f"{path}: has a different target, catalogue or scoring than {files[0]}",
            )
    return first
