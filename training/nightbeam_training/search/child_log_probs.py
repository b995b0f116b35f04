"""Log-probabilities of a node's children in the catalogue, from a model's logits."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.data.code_tokens import CodeTokens
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.torch_trie import TorchTrie
from nightbeam_training.model.tree import code_logits


def child_log_probs(
    logits: Tensor,
    nodes: Tensor,
    depth: Tensor,
    *,
    trie: TorchTrie,
    tokens: CodeTokens,
    scoring: Scoring,
) -> Tensor:
    """Log-probabilities by code, -inf if there is no child: [..., codes].

    logits: [..., vocabulary]; nodes, depth: [...]. `full` divides by the whole vocabulary,
    `renormalized` by the children.
    """
    valid = trie.child_mask(nodes)
    chosen = code_logits(logits, depth, tokens=tokens).masked_fill(~valid, -torch.inf)
    whole = logits if scoring == "full" else chosen
    # A dead node has no children to normalise over.
    return (chosen - whole.logsumexp(dim=-1, keepdim=True)).masked_fill(~valid, -torch.inf)
