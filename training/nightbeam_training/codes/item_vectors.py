"""Item vectors in a file: `.npz` with `item_ids` and `vectors`, or one JSON object per line."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nightbeam_training.codes.kmeans import Floats
from nightbeam_training.data.json_lines import json_lines
from nightbeam_training.errors import TrainingError
from nightbeam_training.files import replacing


@dataclass(frozen=True)
class ItemVectors:
    """Items and their vectors, finite: [items, width]."""

    item_ids: list[str]
    vectors: Floats


def read_vectors(path: Path) -> ItemVectors:
    """Reads `.npz`, or lines of `{"item": "12", "vector": [0.1, …]}` from files with other names.

    Raises TrainingError BAD_VECTORS, naming the line or the item.
    """
    try:
        ids, rows = _read_npz(path) if path.suffix == ".npz" else _read_lines(path)
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise TrainingError("BAD_VECTORS", f"{path}: cannot be read: {error}") from error
    if not ids or rows.shape[1] == 0:
        raise TrainingError("BAD_VECTORS", f"{path}: has no vectors")
    seen: set[str] = set()
    for item in ids:
        if item in seen:
            raise TrainingError("BAD_VECTORS", f"{path}: item {item} has more than one vector")
        seen.add(item)
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        item = ids[int(finite.argmin())]
        raise TrainingError("BAD_VECTORS", f"{path}: the vector of item {item} has NaN or infinity")
    return ItemVectors(item_ids=ids, vectors=rows)


def write_vectors(path: Path, vectors: ItemVectors) -> None:
    """Writes the `.npz` that `read_vectors` reads."""
    if path.suffix != ".npz":
        raise TrainingError("BAD_OPTION", f"--vectors-out {path}: the name must end in .npz")
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, item_ids=np.array(vectors.item_ids, dtype=str), vectors=vectors.vectors)


def _read_npz(path: Path) -> tuple[list[str], Floats]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            missing = [name for name in ("item_ids", "vectors") if name not in arrays.files]
            if missing:
                raise TrainingError(
                    "BAD_VECTORS", f"{path}: has no array {missing[0]!r}: needs item_ids, vectors"
                )
            ids, rows = arrays["item_ids"], arrays["vectors"]
    except ValueError as error:
        # Object arrays, which need unpickling, and files that are not an archive.
        raise TrainingError("BAD_VECTORS", f"{path}: cannot be read as .npz: {error}") from error
    if rows.ndim != 2 or rows.dtype.kind not in "fiu" or ids.shape != rows.shape[:1]:
        raise TrainingError(
            "BAD_VECTORS",
            f"{path}: expected item_ids [items] and numeric vectors [items, width], found "
            f"{list(ids.shape)} and {rows.dtype} {list(rows.shape)}",
        )
    return [str(item) for item in ids.tolist()], _floats(rows)


def _read_lines(path: Path) -> tuple[list[str], Floats]:
    ids: list[str] = []
    rows: list[Floats] = []
    for place, value in json_lines(path, "BAD_VECTORS"):
        item, row = _parse(place, value)
        if rows and len(row) != len(rows[0]):
            raise TrainingError(
                "BAD_VECTORS",
                f"{place}: item {item} has {len(row)} numbers, others have {len(rows[0])}",
            )
        ids.append(item)
        rows.append(row)
    return ids, np.stack(rows) if rows else np.zeros((0, 0), dtype=np.float32)


def _parse(place: str, row: object) -> tuple[str, Floats]:
    item = row.get("item") if isinstance(row, dict) else None
    vector = row.get("vector") if isinstance(row, dict) else None
    numbers = isinstance(vector, list) and all(
        isinstance(x, (int, float)) and not isinstance(x, bool) for x in vector
    )
    if not isinstance(item, str) or not numbers:
        raise TrainingError(
            "BAD_VECTORS", f'{place}: expected {{"item": "…", "vector": [number, …]}}'
        )
    return item, _floats(np.array(vector, dtype=np.float64))


def _floats(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Floats:
    # A value too large for single precision becomes infinity, and is refused as such.
    with np.errstate(over="ignore"):
        return values.astype(np.float32)
