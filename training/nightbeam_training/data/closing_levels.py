"""Levels for the tokens that close an answer (`end` in nightbeam.json), below those of the codes.

A search under `full` scoring ends with them, and a draft has to propose whole paths for it. As in
the runtime (packages/catalogue/src/closing-levels.ts), every node of these levels has one child, of
code 0. Teacher data has nothing about them: what follows a whole path counts as certain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nightbeam_training.data.catalogue import Catalogue, Ints, Trie

MAX_PATHS = 64
"""Whole paths per example, at most: a wide search is none that a run makes."""


def add_closing_levels(catalogue: Catalogue, levels: int) -> Catalogue:
    """The same catalogue with `levels` more; nodes of the levels before keep their ids."""
    if levels == 0:
        return catalogue
    trie = catalogue.trie
    first, end = trie.level_start[-2:]
    leaves, count = np.arange(first, end), end - first
    more = [leaves + level * count for level in range(levels)]
    parent = np.concatenate([trie.parent, *more])
    longer = Trie(
        levels=trie.levels + levels,
        codes=trie.codes,
        level_start=np.concatenate(
            [trie.level_start, end + len(leaves) * np.arange(1, levels + 1)]
        ),
        child_start=np.searchsorted(parent[1:], np.arange(len(parent) + 1)),
        edge_code=np.concatenate([trie.edge_code, np.zeros(levels * count, dtype=np.int64)]),
        parent=parent,
        closing=levels,
    )
    return replace(catalogue, trie=longer, leaf_of=catalogue.leaf_of + levels * count)


@dataclass(frozen=True)
class KnownNodes:
    """Nodes of the trie of U examples, and the log-probabilities after them."""

    offsets: Ints
    """[U + 1]"""
    nodes: Ints
    """Trie nodes, ascending for each example, the root first: [nodes]."""
    value_offsets: Ints
    """[nodes + 1]"""
    values: npt.NDArray[np.float16]
    """Of each node's children, in order of their codes."""


def complete(known: KnownNodes, trie: Trie) -> KnownNodes:
    """With the best whole paths that the data knows, as many as it has prefixes before the last
    code, and the nodes of the closing levels below them; their values are 0."""
    if trie.closing == 0:
        return known
    owner, leaves = _best_paths(known, trie)
    count = int(trie.level_start[-1] - trie.level_start[-2])
    owners = np.concatenate([_owners(known.offsets), np.tile(owner, trie.closing)])
    below = [leaves + level * count for level in range(trie.closing)]
    nodes = np.concatenate([known.nodes, *below])
    sizes = np.concatenate([np.diff(known.value_offsets), np.ones(len(nodes) - len(known.nodes))])
    starts = np.concatenate(
        [known.value_offsets[:-1], np.arange(len(nodes) - len(known.nodes)) + len(known.values)]
    )
    values = np.concatenate([known.values, np.zeros(len(nodes), dtype=np.float16)])
    order = np.lexsort((nodes, owners))
    sizes, starts = sizes[order].astype(np.int64), starts[order]
    value_offsets = np.concatenate([[0], np.cumsum(sizes)])
    within = np.arange(value_offsets[-1]) - np.repeat(value_offsets[:-1], sizes)
    return KnownNodes(
        offsets=np.searchsorted(owners[order], np.arange(len(known.offsets))),
        nodes=nodes[order],
        value_offsets=value_offsets,
        values=values[np.repeat(starts, sizes) + within],
    )


def _owners(offsets: Ints) -> Ints:
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _best_paths(known: KnownNodes, trie: Trie) -> tuple[Ints, Ints]:
    """(example, leaf) of the paths with the best scores, ascending."""
    owners, levels = _owners(known.offsets), trie.levels - trie.closing
    keys = owners * trie.nodes + known.nodes
    depth = np.searchsorted(trie.level_start, known.nodes, side="right") - 1
    total = np.zeros(len(known.nodes))
    for level in range(1, levels):
        at = np.flatnonzero(depth == level)
        above = trie.parent[known.nodes[at]]
        parent = np.searchsorted(keys, owners[at] * trie.nodes + above)
        edge = known.nodes[at] - 1 - trie.child_start[above]
        total[at] = total[parent] + known.values[known.value_offsets[parent] + edge]
    last = np.flatnonzero(depth == levels - 1)
    rows, edges = trie.children(known.nodes[last])
    owner = owners[last][rows]
    place = edges - trie.child_start[known.nodes[last]][rows]
    score = total[last][rows] + known.values[known.value_offsets[last][rows] + place]
    order = np.lexsort((edges, -score, owner))
    rank = np.arange(len(order)) - np.searchsorted(owner[order], owner[order])
    wanted = np.bincount(owners[last], minlength=len(known.offsets) - 1)
    best = order[rank < np.minimum(wanted, MAX_PATHS)[owner[order]]]
    best = best[np.lexsort((edges[best], owner[best]))]
    return owner[best], edges[best] + 1
