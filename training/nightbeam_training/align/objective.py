"""The objectives a draft can be trained with, on batches of teacher data.

L = (1 - alpha) · L_Rec + alpha · L_Align (AtSpeed, equation of the total loss). L_Rec is the usual
negative log-likelihood of the item that the user took next, and of the prompt as well if the scope
is `all`; L_Align depends on the objective.
"""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor

from nightbeam_training.align import terms
from nightbeam_training.align.batch import AlignBatch, DraftScores
from nightbeam_training.align.beam_scores import score_error
from nightbeam_training.align.distributions import distributions
from nightbeam_training.align.options import ObjectiveOptions
from nightbeam_training.model.token_scores import TokenScores

Losses = dict[str, Tensor]
"""Parts of a loss, without gradients; NaN if a batch does not have what the part needs."""


def total_loss(
    scores: DraftScores, batch: AlignBatch, options: ObjectiveOptions
) -> tuple[Tensor, Losses]:
    """Returns the loss of a batch, and its parts.

    For every objective but `heads`, whose scores have another shape (heads_objective.py).
    """
    nodes = scores.codes
    figures: Losses = {}
    loss = torch.zeros((), device=nodes.logits.device)
    if options.uses_recommendation:
        missed, known = _missed(nodes, batch), batch.truth_row >= 0
        recommend, figures["recommend"] = recommendation(missed, known, batch, scores.prompt)
        if options.objective == "sft":
            return recommend, figures
        loss = (1 - options.alpha) * recommend
    align = _alignment(nodes, batch, options)
    figures["align"] = align.detach()
    return loss + options.alpha * align, figures


def recommendation(
    missed: Tensor, known: Tensor, batch: AlignBatch, prompt: TokenScores | None
) -> tuple[Tensor, Tensor]:
    """L_Rec, 0 if nothing is known, and its figure, NaN then.

    missed, known: negative log-likelihood of each of the next item's codes, and whether it is
    known, both [users, codes]. The mean is over all known codes, with `prompt` over all codes and
    tokens together.
    """
    total, count = torch.where(known, missed, 0.0).sum(), known.sum()
    if prompt is not None:
        followed = batch.prompts[:, :-1] >= 0
        unlikely = prompt.normaliser - prompt.logits[..., 0]
        total = total + torch.where(followed, unlikely, 0.0).sum()
        count = count + followed.sum()
    mean = total / count.clamp(min=1)
    return mean, mean.detach().masked_fill(count == 0, torch.nan)


def _missed(scores: TokenScores, batch: AlignBatch) -> Tensor:
    """Negative log-likelihood of the true path's codes, over the vocabulary: [users, levels]."""
    users, _, codes = scores.logits.shape
    row = batch.truth_row.clamp(min=0)
    at = row * codes + batch.truth_code.clamp(min=0)
    return scores.normaliser.gather(1, row) - scores.logits.reshape(users, -1).gather(1, at)


def _alignment(scores: TokenScores, batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    log_q, log_p = distributions(scores, batch.log_p, options)
    weight = _node_weights(batch, options)
    each = torch.where(weight > 0, _node_losses(log_q, log_p, batch, options), 0.0)
    mean = (each * weight).sum() / weight.sum().clamp(min=1e-9)
    if options.objective != "beam-score":
        return mean
    if options.temperature != 1:
        # The search ranks by scores as they are, so a draft must not match tempered ones.
        log_q, log_p = distributions(
            scores, batch.log_p, options.model_copy(update={"temperature": 1.0})
        )
    codes = batch.log_p.shape[-1]
    error = score_error(
        log_q[..., :codes],
        log_p[..., :codes],
        batch.tree,
        levels=batch.levels,
        width=options.edge_width,
    )
    return mean + options.edge_weight * error


def _node_losses(
    log_q: Tensor, log_p: Tensor, batch: AlignBatch, options: ObjectiveOptions
) -> Tensor:
    """L_Align at every node, whether it counts or not: [users, nodes]."""
    match options.objective:
        case "word-kd" | "beam-kd" | "beam-score":
            return terms.forward_kl(log_q, log_p)
        case "tvd-kd" | "atspeed-r":
            return terms.total_variation(log_q, log_p)
        case "seq-kd":
            share = _labels(batch, options)
            share = share / share.sum(dim=-1, keepdim=True).clamp(min=1)
            missing = log_q.shape[-1] - share.shape[-1]
            return terms.cross_entropy(log_q, torch.nn.functional.pad(share, (0, missing)))
        case "atspeed-s":
            return _density(log_q, log_p, batch, options)
        case "sft" | "heads":
            raise ValueError(f"{options.objective} has no loss at the nodes of a tree")
        case _:
            assert_never(options.objective)


def _density(log_q: Tensor, log_p: Tensor, batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    """The forms of AtSpeed-S."""
    match options.variant:
        case "written":
            return terms.top_k_density(log_q, log_p, _kth(batch, options), top_k=options.top_k)
        case "renormalized":
            return terms.top_k_density_renormalized(
                log_q, log_p, _kth(batch, options), top_k=options.top_k
            )
        case "released":
            return terms.top_k_density_released(
                log_q, log_p, top_k=options.top_k, temperature=options.temperature
            )
        case _:
            assert_never(options.variant)


def _kth(batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    """log p(y_K,t | y_K,<t) of the K-th best sequence at every node's level: [users, nodes]."""
    sharp = batch.log_p / options.temperature
    if options.over == "valid":
        sharp = sharp - sharp.logsumexp(dim=-1, keepdim=True)
    at_level = sharp.flatten(1).gather(1, batch.sequences.kth)
    # A user without beams at a level has no K-th one there. No node of it counts, but a gradient of
    # 0 times infinity would.
    return at_level.gather(1, batch.tree.depth).clamp(min=-1e4)


def _labels(batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    """How often each code is a label of SeqKD: [users, nodes, codes].

    The K best sequences' codes. In the released code the *first* code of each of them is replaced
    by the next item's, so that the target's first codes are never learnt.
    """
    counts = batch.sequences.counts
    if options.variant != "released":
        return counts
    first = torch.zeros_like(counts[:, 0])
    known = (batch.truth_row[:, :1] >= 0) * counts[:, 0].sum(dim=-1, keepdim=True)
    first = first.scatter(1, batch.truth_code[:, :1].clamp(min=0), known)
    return torch.cat((first[:, None], counts[:, 1:]), dim=1)


def _node_weights(batch: AlignBatch, options: ObjectiveOptions) -> Tensor:
    """Weight of each node: 1 for the true path's nodes; the number of the K best sequences through
    it; or 1 for every node of the tree. [users, nodes]"""
    real = (batch.tree.nodes >= 0).float()
    match options.objective:
        case "word-kd" | "tvd-kd":
            rows = batch.truth_row.clamp(min=0)
            known = (batch.truth_row >= 0).float()
            return torch.zeros_like(real).scatter_add(1, rows, known)
        case "beam-kd" | "beam-score":
            return real
        case "seq-kd":
            return _labels(batch, options).sum(dim=-1)
        case "atspeed-s" | "atspeed-r":
            return batch.sequences.counts.sum(dim=-1)
        case "sft" | "heads":
            raise ValueError(f"{options.objective} has no loss at the nodes of a tree")
        case _:
            assert_never(options.objective)
