"""One forward pass over a prompt and a beam tree: positions and attention masks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.torch_trie import TorchTrie
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


def tree_input(prompts: Tensor, nodes: Tensor, *, trie: TorchTrie, tokens: CodeTokens) -> TreeInput:
    """prompts [users, tokens] padded with -1 on the left; nodes [users, nodes], the root first,
    parents before children, padded with -1 on the right. On the trie's device."""
    depth = trie.depth(nodes)
    inside = depth > 0
    above = torch.where(inside, trie.parent[nodes.clamp(min=0)], -2)
    parent = (above[:, :, None] == nodes[:, None, :]).int().argmax(dim=2)
    code = torch.where(inside, trie.edge_code[(nodes - 1).clamp(min=0)], 0)
    node_tokens = torch.where(inside, tokens.on(nodes.device)[(depth - 1).clamp(min=0), code], 0)

    users, width = prompts.shape
    below = nodes.shape[1] - 1
    in_prompt = prompts >= 0
    present = torch.cat((in_prompt, nodes[:, 1:] >= 0), dim=1)
    length = in_prompt.sum(dim=1, keepdim=True)
    places = torch.arange(width, device=nodes.device)
    positions = torch.cat((places - (width - length), length + depth[:, 1:] - 1), dim=1)

    mask = torch.zeros(users, width + below, width + below, dtype=torch.bool, device=nodes.device)
    mask[:, :width, :width] = places[:, None] >= places
    mask[:, width:, :width] = True
    mask &= present[:, None, :]
    mask[:, width:, width:] = _ancestors(parent, trie.levels)[:, 1:, 1:]
    # Padding attends to itself, because a softmax over nothing is NaN.
    mask |= torch.eye(width + below, dtype=torch.bool, device=nodes.device)
    return TreeInput(
        tokens=torch.cat((prompts.clamp(min=0), node_tokens[:, 1:]), dim=1),
        positions=positions.clamp(min=0),
        mask=mask[:, None],
        nodes=nodes,
        depth=depth,
        parent=parent,
        code=code,
    )


def _ancestors(parent: Tensor, levels: int) -> Tensor:
    """Whether the second node is the first or one of its ancestors: bool [users, nodes, nodes]."""
    itself = torch.eye(parent.shape[1], dtype=torch.bool, device=parent.device)
    above = itself.expand(len(parent), -1, -1)
    for _ in range(levels - 1):
        above = itself | above.gather(1, parent[..., None].expand_as(above))
    return above


def prompt_hidden(model: Llama, tree: TreeInput, *, whole: bool) -> Tensor:
    """Final hidden states of the prompts without nodes, of all tokens or of the last one alone:
    [users, tokens or 1, width]."""
    prompt = slice(tree.tokens.shape[1] - tree.nodes.shape[1] + 1)
    hidden, _ = model.hidden(
        tree.tokens[:, prompt],
        tree.positions[:, prompt],
        mask=tree.mask[:, :, prompt, prompt],
        rows=prompt.stop if whole else 1,
    )
    return hidden


def node_logits(model: Llama, tree: TreeInput) -> Tensor:
    """float32 logits over the vocabulary after every node: [users, nodes, vocabulary]."""
    hidden, _ = model.hidden(tree.tokens, tree.positions, mask=tree.mask, rows=tree.nodes.shape[1])
    return model.logits(hidden)


def code_logits(logits: Tensor, depth: Tensor, *, tokens: CodeTokens) -> Tensor:
    """The logits of the codes that may follow each node: [..., vocabulary] -> [..., codes]."""
    return logits.gather(-1, tokens.on(logits.device)[depth])
