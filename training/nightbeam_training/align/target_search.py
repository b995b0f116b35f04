"""The target's own search over teacher data: what it asks about, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.align.beam_scores import Sequences, sequences_of
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.tree import Tree, tree_of
from nightbeam_training.search.beam_search import Known


@dataclass(frozen=True)
class TargetSearch:
    """What each user's search has to know, and what the data knows."""

    levels: int
    nodes: Tensor
    """Those of the data, then those that the search reaches outside of it, -1 for padding: [users,
    nodes]."""
    depth: Tensor
    """[users, nodes]"""
    needed: Tensor
    """Whether the search has to ask about the node: bool [users, nodes]."""
    in_data: Tensor
    """[users, data nodes]"""
    log_p: Tensor
    """[users, data nodes, codes]"""
    edges: Tensor
    """The search's beams, as edges from data nodes: bool [users, data nodes, codes]."""

    def of(self, users: Tensor) -> TargetSearch:
        """The searches of some of the users [count]."""
        parts = (self.nodes, self.depth, self.needed, self.in_data, self.log_p, self.edges)
        return TargetSearch(self.levels, *(part[users] for part in parts))

    def state(self, lacking: Tensor) -> Tensor:
        """Depth of the beams that the search has settled: the smallest depth at which a user lacks
        a node, the number of levels if none. lacking: bool [users, nodes]. -> [users]"""
        return torch.where(lacking, self.depth, self.levels).amin(dim=1)

    def known(self, depth: Tensor, sent: Tensor) -> Known:
        """What a redraft knows: the target's beams up to the depth of its search [users], and its
        answers for what was sent [users, sent]."""
        settled = self.depth[:, : self.in_data.shape[1]] < depth[:, None]
        # A redraft begins with the target's beams: no other prefix of these levels is left.
        log_probs = self.log_p.masked_fill(settled[..., None] & ~self.edges, -torch.inf)
        answered = settled | contained(self.in_data, sent)
        return Known(self.in_data.masked_fill(~answered, -1), log_probs)


def target_search(
    examples: ExampleBatch, *, trie: TorchTrie, scoring: Scoring, width: int
) -> TargetSearch:
    """width: K."""
    tree = tree_of(examples.nodes, trie)
    best = sequences_of(tree, examples.log_p, levels=trie.levels, width=width)
    outside, outside_depth = _outside(tree, best, trie, width)
    nodes = torch.cat((tree.nodes, outside), dim=1)
    reached = torch.cat((best.beams, outside >= 0), dim=1)
    return TargetSearch(
        levels=trie.levels,
        nodes=nodes,
        depth=torch.cat((tree.depth, outside_depth), dim=1),
        needed=reached & needs_lookup(nodes, trie, scoring),
        in_data=tree.nodes,
        log_p=examples.log_p,
        edges=best.edges,
    )


def needs_lookup(nodes: Tensor, trie: TorchTrie, scoring: Scoring) -> Tensor:
    """Whether a search has to ask what follows a node, as the runtime's function of this name:
    under `renormalized` a code without alternative is certain. [...] -> bool [...]"""
    return nodes >= 0 if scoring == "full" else trie.has_choice(nodes)


def contained(nodes: Tensor, others: Tensor) -> Tensor:
    """Whether each node is among `others` of the same user: bool [users, nodes]."""
    return (nodes[..., None] == others[:, None, :]).any(dim=-1)


def _outside(tree: Tree, best: Sequences, trie: TorchTrie, width: int) -> tuple[Tensor, Tensor]:
    """Prefixes that the search reaches but the data lacks, -1 for none, and their depth: both
    [users, prefixes]."""
    stopped = best.stopped.flatten(1)
    most = min(width * (trie.levels - 1), stopped.shape[1])
    is_outside, at = stopped.int().topk(most, dim=1)
    parent, code = at // trie.codes, at % trie.codes
    nodes = trie.step(tree.nodes.gather(1, parent), code).masked_fill(is_outside == 0, -1)
    return nodes, tree.depth.gather(1, parent) + 1
