"""The terms of the alignment objectives, node by node.

Every function takes log-probabilities of the draft (q) and of the target (p) over the codes that
may follow each node, [nodes, codes], -inf if the catalogue has no child, and returns one value per
node, [nodes]. Both sum to one: over the valid codes, or with the rest of the vocabulary as one more
column. Any number of dimensions may come before the codes. Formulas: AtSpeed (ICLR 2025), section
3, and the code released with it.
"""

from __future__ import annotations

import torch
from torch import Tensor


def _times(weight: Tensor, log: Tensor) -> Tensor:
    """weight · log with 0 · -inf = 0, also in the gradient."""
    return torch.where(weight > 0, weight * log.masked_fill(weight <= 0, 0.0), 0.0)


def forward_kl(log_q: Tensor, log_p: Tensor) -> Tensor:
    """Σ p log(p / q): word-level distillation."""
    p = log_p.exp()
    return (_times(p, log_p) - _times(p, log_q)).sum(dim=-1)


def total_variation(log_q: Tensor, log_p: Tensor) -> Tensor:
    """½ Σ |q - p|: TVDKD, and AtSpeed-R on the target's beams."""
    return 0.5 * (log_q.exp() - log_p.exp()).abs().sum(dim=-1)


def cross_entropy(log_q: Tensor, share: Tensor) -> Tensor:
    """-Σ share · log q, where share is how often each code is the target: SFT, SeqKD."""
    return -_times(share, log_q).sum(dim=-1)


def top_k_density(log_q: Tensor, log_p: Tensor, log_p_k: Tensor, *, top_k: int) -> Tensor:
    """Σ q log(q / p) - Σ q log(q / p_K) over the draft's `top_k` codes: AtSpeed-S as written.

    log_p_k: log p(y_K,t | y_K,<t), the target's K-th best sequence at this step: [nodes]. The two q
    log q cancel. The rest raises p(y) / p(y_K) of the codes that the draft proposes, with nothing
    that keeps q from moving all of its mass to the target's most likely code.
    """
    top_q, at = _top(log_q, top_k)
    top_p = log_p.gather(-1, at)
    q = top_q.exp()
    return (_times(q, log_p_k[..., None].expand_as(q)) - _times(q, top_p)).sum(dim=-1)


def top_k_density_renormalized(
    log_q: Tensor, log_p: Tensor, log_p_k: Tensor, *, top_k: int
) -> Tensor:
    """KL(q || p) + p_K · H(q), q and p made to sum to one over the draft's `top_k` codes.

    The formula as written without making q and p sum to one keeps only -Σ q log p; here q log q
    remains. p_K is that of `top_k_density`; the released code takes the target's value at the
    draft's last code (`top_k_density_released`).
    """
    top_q, at = _top(log_q, top_k)
    top_p = log_p.gather(-1, at)
    inner_q = top_q - top_q.logsumexp(dim=-1, keepdim=True)
    inner_p = top_p - top_p.logsumexp(dim=-1, keepdim=True)
    return _divergence_and_entropy(inner_q, inner_p, log_p_k)


def top_k_density_released(
    log_q: Tensor, log_p: Tensor, *, top_k: int, temperature: float
) -> Tensor:
    """KL(q || p) + p_K · H(q) as in the released code: q and p are softmaxes over *probabilities*.

    Over the draft's `top_k` codes, q = softmax(probability / temperature), likewise p; p_K is p at
    the last of these codes. At a temperature of 1 all of them are nearly equal, and so is the
    gradient to zero; the released script has 0.001.
    """
    top_q, at = _top(log_q, top_k)
    top_p = log_p.gather(-1, at)
    inner_q, inner_p = (
        (top.exp() / temperature).masked_fill(top == -torch.inf, -torch.inf).log_softmax(dim=-1)
        for top in (top_q, top_p)
    )
    last = (top_q > -torch.inf).sum(dim=-1, keepdim=True) - 1
    return _divergence_and_entropy(inner_q, inner_p, inner_p.gather(-1, last)[..., 0])


def _divergence_and_entropy(log_q: Tensor, log_p: Tensor, log_p_k: Tensor) -> Tensor:
    q = log_q.exp()
    divergence = (_times(q, log_q) - _times(q, log_p)).sum(dim=-1)
    entropy = -_times(q, log_q).sum(dim=-1)
    return divergence + log_p_k.exp() * entropy


def _top(log_q: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    top, at = log_q.topk(min(top_k, log_q.shape[-1]), dim=-1)
    return top, at
