"""The catalogue: every item's code path, and the trie of all paths as flat arrays.

Node ids run breadth first, children in the order of their codes: the root is 0, the children of a
node are consecutive, and within a level ids ascend with the code path. The edge that leads to node
`n` is edge `n - 1`, so one array serves both.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nightbeam_training.errors import TrainingError

Ints = npt.NDArray[np.int64]
_CODE = re.compile(r"<([a-z])_(\d+)>", re.ASCII)
_LARGEST_CODE = 65_535


@dataclass(frozen=True)
class Trie:
    """All prefixes of the catalogue's code paths; nodes of level t are the prefixes of t codes."""

    levels: int
    codes: int
    """Codes per level: one more than the largest code."""
    level_start: Ints
    """First node of each level, and the number of nodes: [levels + 2]."""
    child_start: Ints
    """Edge of a node's first child, and the number of edges: [nodes + 1]."""
    edge_code: Ints
    """Code of the edge that leads to node e + 1: [nodes - 1]."""
    parent: Ints
    """Parent of each node, -1 for the root: [nodes]."""
    closing: int = 0
    """How many of the levels, the last ones, are no codes of items (closing_levels.py)."""

    @property
    def nodes(self) -> int:
        return len(self.parent)

    @property
    def drafted_sizes(self) -> Ints:
        """Prefixes of every level but the last, whose codes are not drafted: [levels - 1]."""
        return np.diff(self.level_start)[1 : self.levels]

    @cached_property
    def _edge_keys(self) -> Ints:
        return self.parent[1:] * self.codes + self.edge_code

    def step(self, nodes: Ints, codes: Ints) -> Ints:
        """Child of each node by code; -1 if there is none, or if the node is -1."""
        keys = nodes * self.codes + codes
        edges = np.searchsorted(self._edge_keys, keys)
        found = self._edge_keys[np.minimum(edges, len(self._edge_keys) - 1)] == keys
        exists = found & (nodes >= 0) & (codes >= 0) & (codes < self.codes)
        return np.where(exists, edges + 1, -1)

    def children(self, nodes: Ints) -> tuple[Ints, Ints]:
        """Edges of all children of the nodes [M]: (row of `nodes`, edge), both [children]."""
        counts = self.child_start[nodes + 1] - self.child_start[nodes]
        rows = np.repeat(np.arange(len(nodes)), counts)
        first = np.cumsum(counts) - counts
        edges = np.arange(len(rows)) - first[rows] + self.child_start[nodes][rows]
        return rows, edges


def build_trie(paths: Ints) -> Trie:
    """Trie of distinct code paths in ascending order: [paths, levels]."""
    levels = paths.shape[1]
    codes = int(paths.max()) + 1
    owner = np.zeros(len(paths), dtype=np.int64)
    level_start, parents, edge_codes = [0, 1], [np.array([-1])], []
    for level in range(levels):
        keys, inverse = np.unique(owner * codes + paths[:, level], return_inverse=True)
        parents.append(keys // codes)
        edge_codes.append(keys % codes)
        owner = level_start[-1] + inverse
        level_start.append(level_start[-1] + len(keys))
    parent = np.concatenate(parents)
    return Trie(
        levels=levels,
        codes=codes,
        level_start=np.array(level_start),
        child_start=np.searchsorted(parent[1:], np.arange(len(parent) + 1)),
        edge_code=np.concatenate(edge_codes),
        parent=parent,
    )


@dataclass(frozen=True)
class Catalogue:
    """Items by id, and the trie of their code paths; several items may share a path."""

    item_ids: list[str]
    codes: Ints
    """Code path of each item: [items, levels]."""
    trie: Trie
    leaf_of: Ints
    """Trie node of each item's full path: [items]."""

    @cached_property
    def index_of(self) -> dict[str, int]:
        return {item: index for index, item in enumerate(self.item_ids)}

    @cached_property
    def items_by_leaf(self) -> tuple[Ints, Ints]:
        """Items ordered by leaf, and the start of each leaf's items: ([items], [leaves + 1])."""
        order = np.argsort(self.leaf_of, kind="stable")
        leaves = np.arange(int(self.trie.level_start[-2]), self.trie.nodes + 1)
        return order, np.searchsorted(self.leaf_of[order], leaves)

    @cached_property
    def hash(self) -> str:
        """Content hash, the same as the runtime's: sha256 over the items in order of path, id."""
        levels = self.codes.shape[1]
        ids = [item.encode() for item in self.item_ids]
        order = sorted(range(len(ids)), key=lambda i: (tuple(self.codes[i]), ids[i]))
        digest = hashlib.sha256(
            f"nightbeam-catalogue 1 levels={levels} items={len(ids)}\n".encode()
        )
        packed = self.codes.astype("<u2")
        for i in order:
            digest.update(packed[i].tobytes() + len(ids[i]).to_bytes(4, "little") + ids[i])
        return digest.hexdigest()


def make_catalogue(item_ids: list[str], codes: Ints) -> Catalogue:
    """Catalogue of items [items] with their code paths [items, levels]."""
    paths = np.unique(codes, axis=0)
    trie = build_trie(paths)
    leaves = np.zeros(len(codes), dtype=np.int64)
    for level in range(codes.shape[1]):
        leaves = trie.step(leaves, codes[:, level])
    return Catalogue(item_ids=item_ids, codes=codes, trie=trie, leaf_of=leaves)


def read_catalogue(path: Path) -> Catalogue:
    """Reads an LC-Rec index: `{"0": ["<a_47>", "<b_103>", …], …}`.

    Raises TrainingError BAD_CATALOGUE, naming the item.
    """
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError("BAD_CATALOGUE", f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(index, dict) or not index:
        raise TrainingError("BAD_CATALOGUE", f"{path}: must be an object of item -> codes")
    rows = [_codes_of(path, item, codes) for item, codes in index.items()]
    levels = len(rows[0])
    for item, row in zip(index, rows, strict=True):
        if len(row) != levels:
            raise TrainingError(
                "BAD_CATALOGUE", f"{path}: item {item} has {len(row)} codes, others have {levels}"
            )
    return make_catalogue(list(index), np.array(rows, dtype=np.int64))


def _codes_of(path: Path, item: str, codes: object) -> list[int]:
    if not isinstance(codes, list) or not codes:
        raise TrainingError("BAD_CATALOGUE", f"{path}: item {item} must have a list of codes")
    row = []
    for level, text in enumerate(codes):
        match = _CODE.fullmatch(text) if isinstance(text, str) else None
        if match is None or ord(match[1]) - ord("a") != level:
            letter = chr(ord("a") + level)
            raise TrainingError(
                "BAD_CATALOGUE",
                f"{path}: item {item}, level {level}: expected <{letter}_NUMBER>, found {text!r}",
            )
        if int(match[2]) > _LARGEST_CODE:
            raise TrainingError(
                "BAD_CATALOGUE",
                f"{path}: item {item}, level {level}: code {match[2]} is above {_LARGEST_CODE}",
            )
        row.append(int(match[2]))
    return row
