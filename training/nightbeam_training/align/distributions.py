"""The distributions of draft and target that an objective compares."""

from __future__ import annotations

import torch
from torch import Tensor

from nightbeam_training.align.options import ObjectiveOptions
from nightbeam_training.model.token_scores import TokenScores


def distributions(
    scores: TokenScores, log_p: Tensor, options: ObjectiveOptions
) -> tuple[Tensor, Tensor]:
    """log q and log p over the valid codes, with the rest of the vocabulary if it counts: both
    [..., codes or codes + 1].

    A node without children, which is padding, gets one code in both, so that nothing is NaN.
    """
    valid = log_p > -torch.inf
    empty = ~valid.any(dim=-1, keepdim=True)
    only_first = empty & (torch.arange(log_p.shape[-1], device=log_p.device) == 0)
    log_p = log_p.masked_fill(only_first, 0.0)
    chosen = scores.logits.masked_fill(~(valid | only_first), -torch.inf)
    if options.over == "vocabulary":
        return with_rest(chosen - scores.normaliser[..., None]), with_rest(log_p)
    # The released AtSpeed-S divides probabilities by the temperature instead of logits.
    divisor = 1.0 if options.softmax_of_probabilities else options.temperature
    return (chosen / divisor).log_softmax(dim=-1), (log_p / divisor).log_softmax(dim=-1)


def with_rest(log_probs: Tensor) -> Tensor:
    """Appends the probability of everything but the valid codes: [..., codes] -> [..., codes +
    1]."""
    rest = (1 - log_probs.exp().sum(dim=-1, keepdim=True)).clamp(min=1e-6)
    return torch.cat((log_probs, rest.log()), dim=-1)
