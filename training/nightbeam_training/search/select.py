"""One step of a beam search: the best children of the beams."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nightbeam_training.data.torch_trie import TorchTrie


@dataclass(frozen=True)
class Beams:
    """Prefixes of one length in order of their paths; dead ones are -1 and come last."""

    nodes: Tensor
    """[users, beams]"""
    scores: Tensor
    """float64 [users, beams], -inf for dead ones."""
    code: Tensor
    """Last code of each: [users, beams]."""
    origin: Tensor
    """Index of each one's parent among the previous beams: [users, beams]."""
    chain: Tensor
    """Whether it is a beam of a search of width `keep`: bool [users, beams]."""


def first_beam(users: int, device: torch.device) -> Beams:
    """Only the root."""
    zeros = torch.zeros(users, 1, dtype=torch.int64, device=device)
    return Beams(
        nodes=zeros,
        scores=zeros.double(),
        code=zeros,
        origin=zeros,
        chain=torch.ones_like(zeros, dtype=torch.bool),
    )


def best_children(
    beams: Beams, log_probs: Tensor, *, trie: TorchTrie, width: int, keep: int
) -> Beams:
    """The `width` best children; the `keep` best of the chain are always among them.

    log_probs: after each beam, [users, beams, codes].
    """
    candidates = (beams.scores[..., None] + log_probs).flatten(1)
    chain = _chain(candidates, beams.chain, keep=keep, codes=trie.codes)
    preferred = candidates.masked_fill(chain, torch.inf) if keep else candidates
    at = preferred.topk(min(max(width, keep), candidates.shape[1]), dim=1).indices
    scores = candidates.gather(1, at)
    origin, code = at // trie.codes, at % trie.codes
    nodes = trie.step(beams.nodes.gather(1, origin), code).masked_fill(scores == -torch.inf, -1)
    by_path = torch.where(nodes >= 0, nodes, torch.iinfo(nodes.dtype).max).argsort(dim=1)
    return Beams(
        nodes=nodes.gather(1, by_path),
        scores=scores.gather(1, by_path),
        code=code.gather(1, by_path),
        origin=origin.gather(1, by_path),
        chain=chain.gather(1, at).gather(1, by_path),
    )


def _chain(candidates: Tensor, chain: Tensor, *, keep: int, codes: int) -> Tensor:
    """The `keep` best children of the chain's beams: bool, as `candidates`."""
    none = torch.zeros_like(candidates, dtype=torch.bool)
    if not keep:
        return none
    inside = candidates.masked_fill(~chain.repeat_interleave(codes, dim=1), -torch.inf)
    best, at = inside.topk(min(keep, inside.shape[1]), dim=1)
    return none.scatter(1, at, best > -torch.inf)
