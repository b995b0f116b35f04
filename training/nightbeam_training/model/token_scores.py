"""Scores of a few tokens per position, without the whole vocabulary's in memory at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from nightbeam_training.model.code_model import OutputLayer

MAX_LOGITS = 2**26
"""Logits that the output layer computes at once: 256 MiB of float32."""


@dataclass(frozen=True)
class TokenScores:
    """Log-probability of a token: its logit minus the position's normaliser."""

    logits: Tensor
    """Logits of the tokens asked for, float32 [..., tokens]."""
    normaliser: Tensor
    """Log of the sum of exp over the logits of the whole vocabulary, float32 [...]."""


def token_scores(model: OutputLayer, hidden: Tensor, tokens: Tensor) -> TokenScores:
    """hidden: [..., width]; tokens that each position is asked for: [..., tokens].

    Beyond `MAX_LOGITS` the positions go through the output layer in chunks, and training computes
    each chunk's logits again for the gradient instead of keeping them.
    """
    rows, asked = hidden.flatten(0, -2), tokens.flatten(0, -2)
    at_once = max(MAX_LOGITS // model.vocabulary, 1)
    if len(rows) <= at_once:
        logits, normaliser = _scores(model, rows, asked)
    else:
        parts = [
            _recomputed(model, *part)
            for part in zip(torch.split(rows, at_once), torch.split(asked, at_once), strict=True)
        ]
        logits = torch.cat([part for part, _ in parts])
        normaliser = torch.cat([part for _, part in parts])
    return TokenScores(
        logits=logits.view(tokens.shape), normaliser=normaliser.view(tokens.shape[:-1])
    )


def _recomputed(model: OutputLayer, hidden: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    scores: tuple[Tensor, Tensor] = checkpoint(
        _scores, model, hidden, tokens, use_reentrant=False, preserve_rng_state=False
    )
    return scores


def _scores(model: OutputLayer, hidden: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
    logits = model.logits(hidden)
    return logits.gather(-1, tokens), logits.logsumexp(dim=-1)
