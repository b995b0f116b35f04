"""The whole loss against NumPy, user by user and node by node."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from world import Path_, World, cpu_trie, label, source_of

from align.naive_loss import align_loss, recommend_loss
from nightbeam_training.align.batch import AlignBatch, DraftScores, align_batch
from nightbeam_training.align.objective import Losses, total_loss
from nightbeam_training.align.options import (
    OBJECTIVES,
    Objective,
    ObjectiveOptions,
    Over,
    RecScope,
    Variant,
)
from nightbeam_training.data.teacher_files import write_teacher_file
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.model.token_scores import TokenScores

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
    rec_scope: RecScope = "answer",
) -> ObjectiveOptions:
    return ObjectiveOptions(
        objective=objective,
        alpha=alpha,
        top_k=2,
        temperature=temperature,
        over=over,
        variant=variant,
        rec_scope=rec_scope,
    )


def loss_of(
    logits: Tensor, batch: AlignBatch, given: ObjectiveOptions, prompt: Tensor | None = None
) -> tuple[Tensor, Losses]:
    """logits: over the vocabulary, of nodes and of the prompt's tokens but the last."""
    following = batch.prompts[:, 1:, None].clamp(min=0)
    scores = DraftScores(
        codes=scores_of(logits, batch.tokens_at),
        prompt=None if prompt is None else scores_of(prompt, following),
    )
    return total_loss(scores, batch, given)


def scores_of(logits: Tensor, tokens: Tensor) -> TokenScores:
    return TokenScores(logits=logits.gather(-1, tokens), normaliser=logits.logsumexp(dim=-1))


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


VARIANTS: dict[str, list[Variant]] = {
    "atspeed-s": ["written", "renormalized", "released"],
    "seq-kd": ["written", "released"],
}
CASES = [
    options_of(objective, over=over, variant=variant)
    for objective in ON_NODES
    if objective not in ("sft", "beam-score")
    for over in ("valid", "vocabulary")
    for variant in VARIANTS.get(objective, ["written"])
]


@pytest.mark.parametrize("given", CASES, ids=lambda it: f"{it.objective}-{it.over}-{it.variant}")
def test_the_alignment_term_matches_its_definition(
    world: World, batch: AlignBatch, examples: ExampleBatch, logits: Tensor, given: ObjectiveOptions
) -> None:
    loss, figures = loss_of(logits, batch, given)
    expected = align_loss(world, batch, truths(examples), logits, given)
    assert float(loss) == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(figures["align"], loss)


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
    assert float(loss_of(logits, batch, given)[0]) == pytest.approx(expected, rel=1e-4)


def test_beam_score_compares_scores_that_are_not_tempered(
    batch: AlignBatch, logits: Tensor
) -> None:
    """The temperature reaches the divergence at the nodes alone."""

    def edge(temperature: float) -> Tensor:
        both = options_of("beam-score", temperature=temperature)
        nodes = both.model_copy(update={"edge_weight": 0.0})
        return loss_of(logits, batch, both)[0] - loss_of(logits, batch, nodes)[0]

    torch.testing.assert_close(edge(3.0), edge(1.0))
    assert float(edge(1.0)) > 0


def test_sft_is_the_likelihood_of_the_next_item(
    world: World, batch: AlignBatch, examples: ExampleBatch, logits: Tensor
) -> None:
    loss, figures = loss_of(logits, batch, options_of("sft", alpha=0.7))
    expected = recommend_loss(world, batch, truths(examples), logits)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    assert list(figures) == ["recommend"]
    torch.testing.assert_close(figures["recommend"], loss)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_alpha_mixes_the_two(batch: AlignBatch, logits: Tensor, alpha: float) -> None:
    loss, figures = loss_of(logits, batch, options_of("atspeed-r", alpha=alpha))
    mixed = (1 - alpha) * figures["recommend"] + alpha * figures["align"]
    torch.testing.assert_close(loss, mixed)
    assert float(figures["recommend"]) != pytest.approx(float(figures["align"]))


def test_at_alpha_one_there_is_no_recommendation(batch: AlignBatch, logits: Tensor) -> None:
    loss, figures = loss_of(logits, batch, options_of("atspeed-r", alpha=1.0, rec_scope="all"))
    assert list(figures) == ["align"]
    torch.testing.assert_close(loss, figures["align"])


def test_the_scope_all_is_the_mean_over_prompt_and_answer(
    world: World, batch: AlignBatch, examples: ExampleBatch, logits: Tensor
) -> None:
    """Every token of the prompt but its first is predicted; padding is not."""
    users, length = examples.prompts.shape
    prompt = torch.randn(users, length - 1, world.spec.vocabulary)
    given = options_of("sft", rec_scope="all")
    loss, figures = loss_of(logits, batch, given, prompt)
    log_q = prompt.double().log_softmax(dim=-1)
    each = [
        -float(log_q[user, at, examples.prompts[user, at + 1]])
        for user in range(users)
        for at in range(length - 1)
        if examples.prompts[user, at] >= 0
    ]
    assert len(each) < users * (length - 1)
    answer = recommend_loss(world, batch, truths(examples), logits)
    codes = 5 * 3
    expected = (sum(each) + codes * answer) / (len(each) + codes)
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(figures["recommend"], loss)


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
    loss, figures = loss_of(free, batch, options_of(objective, alpha=0.5))
    loss.backward()
    assert figures["recommend"].isnan()
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
    given = given.model_copy(update={"alpha": 0.7})
    loss, _ = loss_of(free, batch, given)
    loss.backward()
    assert free.grad is not None
    assert torch.isfinite(free.grad).all()
    assert (free.grad[batch.tree.nodes < 0] == 0).all()
    lower, _ = loss_of(logits - 0.01 * free.grad / free.grad.norm(), batch, given)
    assert float(lower) < float(loss_of(logits, batch, given)[0])


def test_a_draft_equal_to_the_target_has_no_loss(batch: AlignBatch, logits: Tensor) -> None:
    answers = torch.full_like(logits, -torch.inf)
    answers.scatter_(-1, batch.tokens_at, batch.log_p)
    rest = (1 - answers.exp().sum(dim=-1)).clamp(min=1e-6).log()
    answers[..., 0] = rest
    for objective in ("word-kd", "tvd-kd", "atspeed-r", "beam-kd"):
        for over in ("valid", "vocabulary"):
            loss, _ = loss_of(answers, batch, options_of(objective, over=over))
            assert float(loss) == pytest.approx(0, abs=1e-5)


def test_whether_an_objective_needs_next_items() -> None:
    assert options_of("sft").uses_truth
    assert options_of("word-kd").uses_truth
    assert options_of("atspeed-s", alpha=0.9).uses_truth
    assert not options_of("atspeed-s").uses_truth
    assert not options_of("seq-kd").uses_truth
    assert options_of("seq-kd", variant="released").uses_truth
    assert not options_of("sft", rec_scope="all").uses_truth
    assert options_of("tvd-kd", rec_scope="all").uses_truth


def test_the_old_name_of_a_variant_is_accepted() -> None:
    given = {"objective": "atspeed-s", "over": "valid", "variant": "public"}
    assert ObjectiveOptions.model_validate(given).variant == "renormalized"
