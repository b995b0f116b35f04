"""The trie on a device, for many nodes at once."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Trie


class TorchTrie:
    """The catalogue's trie as tensors; node -1 is dead and has no children."""

    def __init__(self, trie: Trie, device: torch.device) -> None:
        self.levels = trie.levels
        self.codes = trie.codes
        self.device = device
        self.max_children = int((trie.child_start[1:] - trie.child_start[:-1]).max())
        self.parent = torch.from_numpy(trie.parent).to(device)
        self.edge_code = torch.from_numpy(trie.edge_code).to(device)
        self.level_start: list[int] = trie.level_start.tolist()
        """First node of each level, and the number of nodes, on the host."""
        self._level_start = torch.from_numpy(trie.level_start).to(device)
        self._start = torch.from_numpy(trie.child_start).to(device)
        self._keys = self.parent[1:] * self.codes + self.edge_code
        self._places = torch.arange(self.max_children, device=device)

    def depth(self, nodes: Tensor) -> Tensor:
        """Codes of each node's prefix, 0 for a dead one: [...]."""
        return (torch.bucketize(nodes.contiguous(), self._level_start, right=True) - 1).clamp(min=0)

    def children(self, nodes: Tensor) -> tuple[Tensor, Tensor]:
        """Codes of each node's children, ascending, padded with `codes`, and how many they are:
        [...] -> [..., max_children], [...]."""
        alive = nodes.clamp(min=0)
        first = self._start[alive]
        counts = torch.where(nodes >= 0, self._start[alive + 1] - first, 0)
        edges = (first[..., None] + self._places).clamp(max=len(self.edge_code) - 1)
        there = self._places < counts[..., None]
        return torch.where(there, self.edge_code[edges], self.codes), counts

    def has_choice(self, nodes: Tensor) -> Tensor:
        """Whether more than one code may follow: [...] -> bool [...]."""
        alive = nodes.clamp(min=0)
        return (self._start[alive + 1] - self._start[alive] > 1) & (nodes >= 0)

    def child_mask(self, nodes: Tensor) -> Tensor:
        """Whether a code may follow: [...] -> bool [..., codes]."""
        codes, _ = self.children(nodes)
        # Padding falls into one more column.
        mask = torch.zeros(*nodes.shape, self.codes + 1, dtype=torch.bool, device=nodes.device)
        return mask.scatter(-1, codes, True)[..., :-1]

    def step(self, nodes: Tensor, codes: Tensor) -> Tensor:
        """Child of each node by code, -1 if there is none."""
        keys = nodes * self.codes + codes
        edges = torch.searchsorted(self._keys, keys.contiguous())
        found = self._keys[edges.clamp(max=len(self._keys) - 1)] == keys
        exists = found & (nodes >= 0) & (codes >= 0) & (codes < self.codes)
        return torch.where(exists, edges + 1, -1)
