"""The objectives a draft can be trained with, on batches of teacher data.

L = (1 - alpha) · L_Rec + alpha · L_Align (AtSpeed, equation of the total loss). L_Rec is the usual
negative log-likelihood of the item that the user took next; L_Align depends on the objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from nightbeam_training.align import terms
from nightbeam_training.align.batch import AlignBatch
from nightbeam_training.align.candidates import score_error

Objective = Literal[
    "sft",
    "word-kd",
    "tvd-kd",
    "seq-kd",
    "atspeed-s",
    "atspeed-r",
    "beam-kd",
    "beam-score",
    "heads",
]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
Over = Literal["valid", "vocabulary"]
Variant = Literal["written", "public"]


@dataclass(frozen=True)
class ObjectiveOptions:
    objective: Objective
    alpha: float
    """Share of the alignment term."""
    top_k: int
    """Number of the draft's best codes that AtSpeed-S uses (constrained alignment)."""
    temperature: float
    """Divides the logits of both models in the alignment term."""
    over: Over
    """Distributions over the valid codes alone, or over the vocabulary with all other tokens as one
    more outcome, which matches `full` scoring."""
    variant: Variant
    """AtSpeed-S by the paper's formula or by the public code."""
    edge_width: int = 60
    """Candidates per level whose scores beam-score compares: a few times K."""
    edge_weight: float = 1.0
    """Weight of that error, relative to the divergence at the nodes."""

    @property
    def uses_truth(self) -> bool:
        return self.objective in ("sft", "word-kd", "tvd-kd") or self.alpha < 1


def total_loss(
    logits: Tensor, batch: AlignBatch, options: ObjectiveOptions
) -> tuple[Tensor, dict[str, float]]:
    """Returns the loss of a batch, and its parts. logits: float32 [users, nodes, vocabulary].

    For every objective but `heads`, whose logits have another shape (heads_objective.py).
    """
    recommend = _recommendation(logits, batch)
    # A run's teacher log does not have the next item, so this part cannot be reported.
    known = bool((batch.truth_row >= 0).any())
    figures = {"recommend": float(recommend.detach())} if known else {}
    if options.objective == "sft":
        return recommend, figures
    align = _alignment(logits, batch, options)
    loss = (1 - options.alpha) * recommend + options.alpha * align
    return loss, {**figures, "align": float(align.detach())}


def _recommendation(logits: Tensor, batch: AlignBatch) -> Tensor:
    """Mean negative log-likelihood of the true path's codes, over the whole vocabulary."""
    known = batch.truth_row >= 0
    rows = batch.truth_row.clamp(min=0)
    at_truth = logits.gather(1, rows[..., None].expand(-1, -1, logits.shape[-1]))
    picked = at_truth.gather(-1, batch.truth_token[..., None])[..., 0]
    loss = (at_truth.logsumexp(dim=-1) - picked)[known]
    return loss.sum() / max(len(loss), 1)


def _alignment(logits: Tensor, batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    if options.objective == "beam-score":
        return _beam_score(logits, batch, options)
    weight = _node_weights(batch, options.objective)
    at = weight > 0
    log_q, log_p = _distributions(logits[at], batch.log_p[at], batch.tokens_at[at], options)
    each = _node_losses(log_q, log_p, batch, at, options)
    return (each * weight[at]).sum() / weight.sum().clamp(min=1e-9)


def _beam_score(logits: Tensor, batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    """Forward KL at every node of the tree, and the error in the scores around the K-th best."""
    real = batch.tree.nodes >= 0
    log_q = torch.full_like(batch.log_p, -torch.inf)
    log_p = torch.full_like(batch.log_p, -torch.inf)
    q, p = _distributions(logits[real], batch.log_p[real], batch.tokens_at[real], options)
    codes = batch.log_p.shape[-1]
    log_q[real], log_p[real] = q[:, :codes], p[:, :codes]
    error = score_error(log_q, log_p, batch.tree, width=options.edge_width)
    return terms.forward_kl(q, p).mean() + options.edge_weight * error


def _node_losses(
    log_q: Tensor, log_p: Tensor, batch: AlignBatch, at: Tensor, options: ObjectiveOptions
) -> Tensor:
    match options.objective:
        case "tvd-kd" | "atspeed-r":
            return terms.total_variation(log_q, log_p)
        case "seq-kd":
            counts = batch.sequences.counts[at]
            share = counts / counts.sum(dim=-1, keepdim=True)
            missing = log_q.shape[-1] - share.shape[-1]
            return terms.cross_entropy(log_q, torch.nn.functional.pad(share, (0, missing)))
        case "atspeed-s":
            kth = _kth(batch, options).gather(1, batch.tree.depth)[at]
            form = (
                terms.top_k_density if options.variant == "written" else terms.top_k_density_public
            )
            return form(log_q, log_p, kth, top_k=options.top_k)
        case _:
            return terms.forward_kl(log_q, log_p)


def _kth(batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    """log p(y_K,t | y_K,<t) of the K-th best sequence at every level: [users, levels]"""
    sharp = batch.log_p / options.temperature
    if options.over == "valid":
        sharp = sharp - sharp.logsumexp(dim=-1, keepdim=True)
    return sharp.flatten(1).gather(1, batch.sequences.kth)


def _node_weights(batch: AlignBatch, objective: Objective) -> Tensor:
    """Weight of each node: 1 for the true path's nodes; the number of the K best sequences through
    it; or 1 for every node of the tree. [users, nodes]"""
    real = (batch.tree.nodes >= 0).float()
    if objective in ("word-kd", "tvd-kd"):
        rows = batch.truth_row.clamp(min=0)
        known = (batch.truth_row >= 0).float()
        return torch.zeros_like(real).scatter_add(1, rows, known)
    if objective == "beam-kd":
        return real
    return batch.sequences.counts.sum(dim=-1)


def _distributions(
    logits: Tensor, log_p: Tensor, tokens: Tensor, options: ObjectiveOptions
) -> tuple[Tensor, Tensor]:
    """log q and log p over the valid codes, with the rest of the vocabulary if it counts: [nodes,
    codes or codes + 1]."""
    scaled = logits / options.temperature
    valid = log_p > -torch.inf
    chosen = scaled.gather(-1, tokens).masked_fill(~valid, -torch.inf)
    if options.over == "valid":
        return chosen.log_softmax(dim=-1), (log_p / options.temperature).log_softmax(dim=-1)
    log_q = chosen - scaled.logsumexp(dim=-1, keepdim=True)
    return with_rest(log_q), with_rest(log_p)


def with_rest(log_probs: Tensor) -> Tensor:
    """Appends the probability of everything but the valid codes: [..., codes] -> [..., codes +
    1]."""
    rest = (1 - log_probs.exp().sum(dim=-1, keepdim=True)).clamp(min=1e-6)
    return torch.cat((log_probs, rest.log()), dim=-1)
