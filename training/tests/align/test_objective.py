"""The whole loss against NumPy, user by user and node by node."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from world import Path_, World, cpu_trie, label, source_of

from align.naive_loss import align_loss, recommend_loss
from nightbeam_training.align.batch import AlignBatch, align_batch
from nightbeam_training.align.objective import (
    OBJECTIVES,
    Objective,
    ObjectiveOptions,
    Over,
    Variant,
    total_loss,
)
from nightbeam_training.data.teacher_files import write_teacher_file
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool

WIDTH = 3
ON_NODES = [objective for objective in OBJECTIVES if objective != "heads"]
"""Objectives on the tree's nodes; `heads` has its own file."""


def options_of(
    objective: Objective,
    *,
    alpha: float = 1.0,
    over: Over = "valid",
    variant: Variant = "written",
    temperature: float = 1.0,
) -> ObjectiveOptions:
    return ObjectiveOptions(
        objective=objective,
        alpha=alpha,
        top_k=2,
        temperature=temperature,
        over=over,
        variant=variant,
    )


@pytest.fixture(scope="module")
def examples(world: World, tmp_path_factory: pytest.TempPathFactory) -> ExampleBatch:
    """Six users with the target's beams of `WIDTH`; the third user's next item is unknown."""
    path = tmp_path_factory.mktemp("teacher") / "a.safetensors"
    labels = label(world, world.histories[:6], width=WIDTH)
    write_teacher_file(path, labels.examples, source_of(world.catalogue))
    batch = TeacherPool([path], world.catalogue.trie).take(np.arange(6))
    batch.truth[2] = -1
    return batch


@pytest.fixture(scope="module")
def batch(world: World, examples: ExampleBatch) -> AlignBatch:
    return align_batch(
        examples,
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
        width=WIDTH,
    )


@pytest.fixture(scope="module")
def logits(world: World, batch: AlignBatch) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*batch.tree.nodes.shape, world.spec.vocabulary, generator=generator)


def truths(examples: ExampleBatch) -> list[Path_]:
    return [tuple(path) for path in examples.truth.tolist()]


CASES = [
    options_of(objective, over=over, variant=variant)
    for objective in ON_NODES
    if objective not in ("sft", "beam-score")
    for over in ("valid", "vocabulary")
    for variant in (("written", "public") if objective == "atspeed-s" else ("written",))
]


@pytest.mark.parametrize("given", CASES, ids=lambda it: f"{it.objective}-{it.over}-{it.variant}")
def test_the_alignment_term_matches_its_definition(
    world: World, batch: AlignBatch, examples: ExampleBatch, logits: Tensor, given: ObjectiveOptions
) -> None:
    loss, figures = total_loss(logits, batch, given)
    expected = align_loss(world, batch, truths(examples), logits, given)
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    assert figures["align"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("objective", ["word-kd", "atspeed-s", "seq-kd"])
def test_temperature_divides_both_models_logits(
    world: World,
    batch: AlignBatch,
    examples: ExampleBatch,
    logits: Tensor,
    objective: Objective,
) -> None:
    given = options_of(objective, temperature=2.5)
    expected = align_loss(world, batch, truths(examples), logits, given)
    assert float(total_loss(logits, batch, given)[0]) == pytest.approx(expected, rel=1e-4)


def test_sft_is_the_likelihood_of_the_next_item(
    world: World, batch: AlignBatch, examples: ExampleBatch, logits: Tensor
) -> None:
    loss, figures = total_loss(logits, batch, options_of("sft", alpha=0.7))
    expected = recommend_loss(world, batch, truths(examples), logits)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    assert figures == {"recommend": pytest.approx(expected, rel=1e-5)}


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_alpha_mixes_the_two(batch: AlignBatch, logits: Tensor, alpha: float) -> None:
    loss, figures = total_loss(logits, batch, options_of("atspeed-r", alpha=alpha))
    mixed = (1 - alpha) * figures["recommend"] + alpha * figures["align"]
    assert float(loss) == pytest.approx(mixed, rel=1e-5)
    assert figures["recommend"] != pytest.approx(figures["align"])


@pytest.mark.parametrize("objective", ON_NODES)
def test_unknown_next_items(
    world: World, examples: ExampleBatch, logits: Tensor, objective: Objective
) -> None:
    """The terms that need it are zero and not reported, others are unchanged; gradients are
    finite."""
    unknown = replace(examples, truth=torch.full_like(examples.truth, -1))
    batch = align_batch(
        unknown,
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
        width=WIDTH,
    )
    free = logits.clone().requires_grad_()
    loss, figures = total_loss(free, batch, options_of(objective, alpha=0.5))
    loss.backward()
    assert "recommend" not in figures
    if objective in ("sft", "word-kd", "tvd-kd"):
        assert float(loss.detach()) == 0
    else:
        assert abs(figures["align"]) > 0
    assert free.grad is not None
    assert torch.isfinite(free.grad).all()


@pytest.mark.parametrize("given", CASES, ids=lambda it: f"{it.objective}-{it.over}-{it.variant}")
def test_gradients_are_finite_and_point_down(
    batch: AlignBatch, logits: Tensor, given: ObjectiveOptions
) -> None:
    free = logits.clone().requires_grad_()
    given = replace(given, alpha=0.7)
    loss, _ = total_loss(free, batch, given)
    loss.backward()
    assert free.grad is not None
    assert torch.isfinite(free.grad).all()
    assert (free.grad[batch.tree.nodes < 0] == 0).all()
    lower, _ = total_loss(logits - 0.01 * free.grad / free.grad.norm(), batch, given)
    assert float(lower) < float(total_loss(logits, batch, given)[0])


def test_a_draft_equal_to_the_target_has_no_loss(batch: AlignBatch, logits: Tensor) -> None:
    answers = torch.full_like(logits, -torch.inf)
    answers.scatter_(-1, batch.tokens_at, batch.log_p)
    rest = (1 - answers.exp().sum(dim=-1)).clamp(min=1e-6).log()
    answers[..., 0] = rest
    for objective in ("word-kd", "tvd-kd", "atspeed-r", "beam-kd"):
        for over in ("valid", "vocabulary"):
            loss, _ = total_loss(answers, batch, options_of(objective, over=over))
            assert float(loss) == pytest.approx(0, abs=1e-5)


def test_whether_an_objective_needs_next_items() -> None:
    assert options_of("sft").uses_truth
    assert options_of("word-kd").uses_truth
    assert options_of("atspeed-s", alpha=0.9).uses_truth
    assert not options_of("atspeed-s").uses_truth
    assert not options_of("seq-kd").uses_truth
