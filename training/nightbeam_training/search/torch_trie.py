"""The trie on the model's device, for searches that run in batches."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Trie


class TorchTrie:
    """Children and steps of many nodes at once; node -1 is dead and has no children."""

    def __init__(self, trie: Trie, device: torch.device) -> None:
        self.levels = trie.levels
        self.codes = trie.codes
        self.parent = torch.from_numpy(trie.parent).to(device)
        self.edge_code = torch.from_numpy(trie.edge_code).to(device)
        self._start = torch.from_numpy(trie.child_start).to(device)
        self._keys = self.parent[1:] * self.codes + self.edge_code

    def child_mask(self, nodes: Tensor) -> Tensor:
        """Whether a code may follow: [...] -> bool [..., codes]."""
        flat = nodes.flatten()
        alive = flat.clamp(min=0)
        counts = torch.where(flat >= 0, self._start[alive + 1] - self._start[alive], 0)
        rows = torch.repeat_interleave(torch.arange(len(flat), device=flat.device), counts)
        first = counts.cumsum(0) - counts
        edges = torch.arange(len(rows), device=flat.device) - first[rows] + self._start[alive][rows]
        mask = torch.zeros(len(flat), self.codes, dtype=torch.bool, device=flat.device)
        mask[rows, self.edge_code[edges]] = True
        return mask.view(*nodes.shape, self.codes)

    def has_choice(self, nodes: Tensor) -> Tensor:
        """Whether more than one code may follow: [...] -> bool [...]."""
        alive = nodes.clamp(min=0)
        return (self._start[alive + 1] - self._start[alive] > 1) & (nodes >= 0)

    def step(self, nodes: Tensor, codes: Tensor) -> Tensor:
        """Child of each node by code, -1 if there is none."""
        keys = nodes * self.codes + codes
        edges = torch.searchsorted(self._keys, keys)
        found = self._keys[edges.clamp(max=len(self._keys) - 1)] == keys
        exists = found & (nodes >= 0) & (codes >= 0) & (codes < self.codes)
        return torch.where(exists, edges + 1, -1)
