"""One forward pass over a prompt and a beam tree: positions and attention masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nightbeam_training.data.catalogue import Ints, Trie
from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.model.llama import Llama


@dataclass(frozen=True)
class TreeInput:
    """Prompts, padded on the left, then the nodes below the root; the last prompt token is the
    root."""

    tokens: Tensor
    """[users, positions]"""
    positions: Tensor
    """[users, positions]"""
    mask: Tensor
    """bool [users, 1, positions, positions]"""
    nodes: Tensor
    """Trie nodes, the root first, -1 for padding: [users, nodes]."""
    depth: Tensor
    """Length of each node's prefix, 0 for padding: [users, nodes]."""
    parent: Tensor
    """Index of each node's parent; that of the root for the root and padding: [users, nodes]."""
    code: Tensor
    """Last code of each node, 0 for the root and padding: [users, nodes]."""

    def to(self, device: torch.device) -> TreeInput:
        return TreeInput(**{name: value.to(device) for name, value in vars(self).items()})


def tree_input(prompts: Ints, nodes: Ints, *, trie: Trie, tokens: CodeTokens) -> TreeInput:
    """prompts [users, tokens] padded with -1 on the left; nodes [users, nodes], the root first,
    parents before children, padded with -1 on the right."""
    users, count = nodes.shape
    real = nodes >= 0
    depth = np.where(real, np.searchsorted(trie.level_start, nodes, side="right") - 1, 0)
    above = np.where(depth > 0, trie.parent[nodes], -2)
    parent = np.argmax(above[:, :, None] == nodes[:, None, :], axis=2)
    code = np.where(depth > 0, trie.edge_code[nodes - 1], 0)
    node_tokens = np.where(depth > 0, tokens.table[np.maximum(depth - 1, 0), code], 0)

    width = prompts.shape[1]
    total = width + count - 1
    present = np.concatenate([prompts >= 0, real[:, 1:]], axis=1)
    length = (prompts >= 0).sum(axis=1)
    prompt_positions = np.maximum(np.arange(width) - (width - length)[:, None], 0)
    positions = np.concatenate([prompt_positions, length[:, None] + depth[:, 1:] - 1], axis=1)

    mask = np.zeros((users, total, total), dtype=bool)
    mask[:, :width, :width] = np.tri(width, dtype=bool)
    mask[:, width:, :width] = True
    mask &= present[:, None, :]
    mask[:, width:, width:] = _ancestors(parent, trie.levels)[:, 1:, 1:]
    # Padding attends to itself, because a softmax over nothing is NaN.
    mask |= np.eye(total, dtype=bool)
    return TreeInput(
        tokens=torch.from_numpy(
            np.concatenate([np.maximum(prompts, 0), node_tokens[:, 1:]], axis=1)
        ),
        positions=torch.from_numpy(np.maximum(positions, 0)),
        mask=torch.from_numpy(mask[:, None]),
        nodes=torch.from_numpy(nodes),
        depth=torch.from_numpy(depth),
        parent=torch.from_numpy(parent),
        code=torch.from_numpy(code),
    )


def _ancestors(parent: Ints, levels: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether the second node is the first or one of its ancestors: bool [users, nodes, nodes]."""
    users, count = parent.shape
    itself = np.broadcast_to(np.eye(count, dtype=bool), (users, count, count))
    above = itself
    rows = np.arange(users)[:, None]
    for _ in range(levels - 1):
        above = itself | above[rows, parent]
    return above


def prompt_hidden(model: Llama, tree: TreeInput) -> Tensor:
    """Final hidden state of every prompt's last token, without nodes: [users, width]."""
    prompt = slice(tree.tokens.shape[1] - tree.nodes.shape[1] + 1)
    hidden, _ = model.hidden(
        tree.tokens[:, prompt],
        tree.positions[:, prompt],
        mask=tree.mask[:, :, prompt, prompt],
        rows=1,
    )
    return hidden[:, 0]


def node_logits(model: Llama, tree: TreeInput) -> Tensor:
    """float32 logits over the vocabulary after every node: [users, nodes, vocabulary]."""
    hidden, _ = model.hidden(tree.tokens, tree.positions, mask=tree.mask, rows=tree.nodes.shape[1])
    return model.logits(hidden)


def code_logits(logits: Tensor, depth: Tensor, *, tokens: CodeTokens) -> Tensor:
    """The logits of the codes that may follow each node: [..., vocabulary] -> [..., codes]."""
    return logits.gather(-1, tokens.on(logits.device)[depth])
