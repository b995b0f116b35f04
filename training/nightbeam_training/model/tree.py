"""A beam tree, and one forward pass over it with its prompt: positions and attention masks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.llama import Llama
from nightbeam_training.model.models import Model
from nightbeam_training.model.shared_start import Batch, last_hidden, shared_tokens
from nightbeam_training.model.t5 import T5


@dataclass(frozen=True)
class Tree:
    """The nodes of some users, parents before children."""

    nodes: Tensor
    """Trie nodes, the root first, -1 for padding: [users, nodes]."""
    depth: Tensor
    """Length of each node's prefix, 0 for padding: [users, nodes]."""
    parent: Tensor
    """Index of each node's parent; that of the root for the root and padding: [users, nodes]."""
    code: Tensor
    """Last code of each node, 0 for the root and padding: [users, nodes]."""


@dataclass(frozen=True)
class TreeInput(Tree):
    """Prompts, padded on the left, then the nodes below the root; the last prompt token is the
    root."""

    tokens: Tensor
    """[users, positions]"""
    positions: Tensor
    """[users, positions]"""
    mask: Tensor
    """bool [users, 1, positions, positions]"""
    padding: Tensor
    """Columns of padding in front of each prompt: [users]."""
    shared: int
    """Tokens that all prompts begin with, if they are computed once."""


def tree_of(nodes: Tensor, trie: TorchTrie) -> Tree:
    """nodes: [users, nodes], the root first, parents before children, padded with -1 on the
    right."""
    depth = trie.depth(nodes)
    inside = depth > 0
    above = torch.where(inside, trie.parent[nodes.clamp(min=0)], -2)
    return Tree(
        nodes=nodes,
        depth=depth,
        parent=(above[:, :, None] == nodes[:, None, :]).int().argmax(dim=2),
        code=torch.where(inside, trie.edge_code[(nodes - 1).clamp(min=0)], 0),
    )


def tree_input(prompts: Tensor, nodes: Tensor, *, trie: TorchTrie, tokens: CodeTokens) -> TreeInput:
    """prompts [users, tokens] padded with -1 on the left; nodes as of `tree_of`. On the trie's
    device."""
    tree = tree_of(nodes, trie)
    depth = tree.depth
    after = tokens.on(nodes.device)[(depth - 1).clamp(min=0), tree.code]
    node_tokens = torch.where(depth > 0, after, 0)

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
    mask[:, width:, width:] = _ancestors(tree.parent, trie.levels)[:, 1:, 1:]
    # Padding attends to itself, because a softmax over nothing is NaN.
    mask |= torch.eye(width + below, dtype=torch.bool, device=nodes.device)
    return TreeInput(
        nodes=nodes,
        depth=depth,
        parent=tree.parent,
        code=tree.code,
        tokens=torch.cat((prompts.clamp(min=0), node_tokens[:, 1:]), dim=1),
        positions=positions.clamp(min=0),
        mask=mask[:, None],
        padding=width - length[:, 0],
        shared=shared_tokens(prompts),
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
    end = tree.tokens.shape[1] - tree.nodes.shape[1] + 1
    return _hidden(model, tree, end=end, rows=end if whole else 1)


def tree_hidden(model: Model, tree: TreeInput, *, whole: bool = False) -> Tensor:
    """Final hidden states after every node, the last ones, and if `whole` of the prompt's tokens
    before: [users, positions or nodes, width]. An encoder-decoder has none of the prompt's."""
    end = tree.tokens.shape[1]
    if isinstance(model, T5):
        return _decoder_hidden(model, tree)
    return _hidden(model, tree, end=end, rows=end if whole else tree.nodes.shape[1])


def _hidden(model: Llama, tree: TreeInput, *, end: int, rows: int) -> Tensor:
    batch = Batch(
        tokens=tree.tokens[:, :end],
        positions=tree.positions[:, :end],
        mask=tree.mask[:, :, :end, :end],
        padding=tree.padding,
    )
    return last_hidden(model, batch, rows=rows, shared=0 if rows == end else tree.shared)


def _decoder_hidden(model: T5, tree: TreeInput) -> Tensor:
    count = tree.nodes.shape[1]
    # The last token of the prompt is in the encoder; the decoder's root takes its column.
    end = tree.tokens.shape[1] - count + 1
    columns = torch.arange(end, device=tree.tokens.device)
    prompts = tree.tokens[:, :end].masked_fill(columns < tree.padding[:, None], -1)
    seen = tree.mask[:, 0, end - 1 :, end - 1 :]
    return model.tree_hidden(prompts, tree.tokens[:, end - 1 :], depth=tree.depth, seen=seen)
