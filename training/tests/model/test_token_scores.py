"""Scores of a few tokens against the logits of the whole vocabulary, in one piece and in chunks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from world import World

from nightbeam_training.model import token_scores as module
from nightbeam_training.model.token_scores import TokenScores, token_scores

SHAPE = (3, 7)


def loss_of(scores: TokenScores) -> Tensor:
    """A function of all values, each with another weight."""
    weight = torch.arange(1.0, scores.logits.numel() + 1).view_as(scores.logits)
    return (weight * (scores.logits - scores.normaliser[..., None]).square()).mean()


@pytest.mark.parametrize("max_logits", [1, 10**3, 10**9])
def test_values_and_gradients_are_those_of_all_logits(
    world: World, monkeypatch: pytest.MonkeyPatch, max_logits: int
) -> None:
    model, vocabulary = world.draft.model, world.spec.vocabulary
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(*SHAPE, 8, generator=generator).requires_grad_()
    tokens = torch.randint(vocabulary, (*SHAPE, 4), generator=generator)
    logits = model.logits(hidden)
    whole = TokenScores(logits=logits.gather(-1, tokens), normaliser=logits.logsumexp(dim=-1))
    weights = [hidden, model.lm_head.weight]
    expected = torch.autograd.grad(loss_of(whole), weights)

    monkeypatch.setattr(module, "MAX_LOGITS", max_logits)
    asked: list[int] = []
    real = model.logits
    monkeypatch.setattr(model, "logits", lambda rows: asked.append(rows.numel()) or real(rows))
    found = token_scores(model, hidden, tokens)
    torch.testing.assert_close(found.logits, whole.logits)
    torch.testing.assert_close(found.normaliser, whole.normaliser)
    for one, other in zip(torch.autograd.grad(loss_of(found), weights), expected, strict=True):
        torch.testing.assert_close(one, other)
    # A chunk has as many positions as fit, and the backward pass computes it once more.
    positions = [rows // 8 for rows in asked]
    at_once = max(max_logits // vocabulary, 1)
    assert max(positions) == min(at_once, 21)
    assert sum(positions) == (21 if at_once >= 21 else 2 * 21)
