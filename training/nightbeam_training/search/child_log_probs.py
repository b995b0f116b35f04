"""Log-probabilities of a node's children in the catalogue, from a model's scores."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.token_scores import TokenScores


def child_log_probs(
    scores: TokenScores, nodes: Tensor, *, trie: TorchTrie, scoring: Scoring
) -> Tensor:
    """Log-probabilities by code, -inf if there is no child: [..., codes].

    scores: of the codes that may follow each node, [..., codes]; nodes: [...]. `full` divides by
    the whole vocabulary, `renormalized` by the children.
    """
    valid = trie.child_mask(nodes)
    chosen = scores.logits.masked_fill(~valid, -torch.inf)
    normaliser = scores.normaliser if scoring == "full" else chosen.logsumexp(dim=-1)
    # A dead node has no children to normalise over.
    return (chosen - normaliser[..., None]).masked_fill(~valid, -torch.inf)
