"""Every term against a loop written from its formula, and its gradient against differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from nightbeam_training.align import terms

NODES, CODES, TOP = 7, 6, 3


def some_logits(seed: int, valid: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(NODES, CODES, dtype=torch.float64, generator=generator)
    return logits.masked_fill(~valid, -torch.inf)


@pytest.fixture
def valid() -> Tensor:
    """Which codes exist; the first node has one child, the second fewer than `TOP`."""
    mask = torch.rand(NODES, CODES, generator=torch.Generator().manual_seed(5)) < 0.7
    mask[:, 2] = True
    mask[0] = torch.arange(CODES) == 2
    mask[1] = torch.arange(CODES) < 2
    mask[2] = True
    return mask


@pytest.fixture
def log_q(valid: Tensor) -> Tensor:
    return some_logits(1, valid).log_softmax(dim=-1)


@pytest.fixture
def log_p(valid: Tensor) -> Tensor:
    return some_logits(2, valid).log_softmax(dim=-1)


@pytest.fixture
def log_p_k() -> Tensor:
    return -3 * torch.rand(NODES, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def pairs(log_q: Tensor, log_p: Tensor) -> list[list[tuple[float, float]]]:
    """(q, p) of every code that exists, one list per node."""
    return [
        [(q, p) for q, p in zip(qs, ps, strict=True) if q > 0]
        for qs, ps in zip(log_q.exp().tolist(), log_p.exp().tolist(), strict=True)
    ]


def test_forward_kl_matches_its_formula(log_q: Tensor, log_p: Tensor) -> None:
    expected = [sum(p * math.log(p / q) for q, p in node) for node in pairs(log_q, log_p)]
    np.testing.assert_allclose(terms.forward_kl(log_q, log_p), expected, atol=1e-12)


def test_total_variation_matches_its_formula(log_q: Tensor, log_p: Tensor) -> None:
    expected = [0.5 * sum(abs(q - p) for q, p in node) for node in pairs(log_q, log_p)]
    found = terms.total_variation(log_q, log_p)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert ((found >= 0) & (found <= 1)).all()


def test_cross_entropy_matches_its_formula(log_q: Tensor, valid: Tensor) -> None:
    counts = np.random.default_rng(0).integers(4, size=(NODES, CODES)) * valid.numpy()
    share = torch.from_numpy(counts / counts.sum(axis=1, keepdims=True).clip(1))
    expected = [
        -sum(s * math.log(q) for s, q in zip(shares, qs, strict=True) if s > 0)
        for shares, qs in zip(share.tolist(), log_q.exp().tolist(), strict=True)
    ]
    np.testing.assert_allclose(terms.cross_entropy(log_q, share), expected, atol=1e-12)


def top(node: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return sorted(node, reverse=True)[:TOP]


def test_density_as_written_is_the_difference_of_both_sums(
    log_q: Tensor, log_p: Tensor, log_p_k: Tensor
) -> None:
    """Σ q log(q / p) - Σ q log(q / p_K), which is Σ q (log p_K - log p)."""
    found = terms.top_k_density(log_q, log_p, log_p_k, top_k=TOP)
    both = [
        sum(q * math.log(q / p) for q, p in top(node))
        - sum(q * math.log(q / p_k) for q, _ in top(node))
        for node, p_k in zip(pairs(log_q, log_p), log_p_k.exp().tolist(), strict=True)
    ]
    short = [
        sum(q * (kth - math.log(p)) for q, p in top(node))
        for node, kth in zip(pairs(log_q, log_p), log_p_k.tolist(), strict=True)
    ]
    np.testing.assert_allclose(found, both, atol=1e-12)
    np.testing.assert_allclose(found, short, atol=1e-12)


def test_density_renormalized(log_q: Tensor, log_p: Tensor, log_p_k: Tensor) -> None:
    """KL(q || p) with both summing to one over the best codes, and p_K times the entropy of q."""
    expected = []
    for node, p_k in zip(pairs(log_q, log_p), log_p_k.exp().tolist(), strict=True):
        best = top(node)
        all_q, all_p = sum(q for q, _ in best), sum(p for _, p in best)
        inner = [(q / all_q, p / all_p) for q, p in best]
        divergence = sum(q * math.log(q / p) for q, p in inner)
        entropy = -sum(q * math.log(q) for q, _ in inner)
        expected.append(divergence + p_k * entropy)
    found = terms.top_k_density_renormalized(log_q, log_p, log_p_k, top_k=TOP)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_density_as_released(log_q: Tensor, log_p: Tensor) -> None:
    """Softmax over probabilities divided by the temperature; p_K is the target's at the draft's
    last code."""
    expected = []
    for node in pairs(log_q, log_p):
        best = top(node)
        q, p = (np.exp(np.array(one) / 0.05) for one in zip(*best, strict=True))
        q, p = q / q.sum(), p / p.sum()
        expected.append((q * np.log(q / p)).sum() - p[-1] * (q * np.log(q)).sum())
    found = terms.top_k_density_released(log_q, log_p, top_k=TOP, temperature=0.05)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_equal_distributions_do_not_diverge(log_p: Tensor) -> None:
    torch.testing.assert_close(terms.forward_kl(log_p, log_p), torch.zeros(NODES).double())
    torch.testing.assert_close(terms.total_variation(log_p, log_p), torch.zeros(NODES).double())
    never = torch.full((NODES,), -torch.inf).double()
    renormalized = terms.top_k_density_renormalized(log_p, log_p, never, top_k=TOP)
    torch.testing.assert_close(renormalized, torch.zeros(NODES).double())


def test_disjoint_distributions_have_total_variation_one() -> None:
    log_q, log_p = torch.tensor([[0.0, -torch.inf]]), torch.tensor([[-torch.inf, 0.0]])
    assert terms.total_variation(log_q, log_p).tolist() == [1.0]


def test_top_k_above_the_number_of_codes_takes_all(
    log_q: Tensor, log_p: Tensor, log_p_k: Tensor
) -> None:
    for form in (terms.top_k_density, terms.top_k_density_renormalized):
        many = form(log_q, log_p, log_p_k, top_k=1000)
        torch.testing.assert_close(many, form(log_q, log_p, log_p_k, top_k=CODES))


@pytest.mark.parametrize(
    "form",
    [
        lambda q, p, _: terms.forward_kl(q, p),
        lambda q, p, _: terms.total_variation(q, p),
        lambda q, p, _: terms.cross_entropy(q, p.exp()),
        partial(lambda q, p, kth: terms.top_k_density(q, p, kth, top_k=TOP)),
        partial(lambda q, p, kth: terms.top_k_density_renormalized(q, p, kth, top_k=TOP)),
        lambda q, p, _: terms.top_k_density_released(q, p, top_k=TOP, temperature=0.3),
    ],
    ids=[
        "forward_kl",
        "total_variation",
        "cross_entropy",
        "written",
        "renormalized",
        "released",
    ],
)
def test_gradients_are_those_of_small_differences(
    form: Callable[[Tensor, Tensor, Tensor], Tensor],
    valid: Tensor,
    log_p: Tensor,
    log_p_k: Tensor,
) -> None:
    """Codes that do not exist get no gradient, and no gradient is NaN."""
    logits = some_logits(1, torch.ones_like(valid)).requires_grad_()

    def loss(logits: Tensor) -> Tensor:
        log_q = logits.masked_fill(~valid, -torch.inf).log_softmax(dim=-1)
        return form(log_q, log_p, log_p_k)

    assert torch.autograd.gradcheck(loss, (logits,))
    loss(logits).sum().backward()
    assert logits.grad is not None
    assert (logits.grad[~valid] == 0).all()
    # A node with one child has nothing to learn; the others have.
    assert (logits.grad[0] == 0).all()
    assert (logits.grad[2:].abs().sum(dim=1) > 0).all()
