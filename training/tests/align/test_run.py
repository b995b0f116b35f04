"""Batches and validation of an alignment: order of examples, and meaning of the metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from world import MACHINE, World, make_pool

from nightbeam_training.align.accept import Evaluator
from nightbeam_training.align.batch import AlignBatch
from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.align.options import OBJECTIVES, AlignOptions, Objective, RecScope
from nightbeam_training.align.run import AlignTask
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.model.heads import with_heads

OPTIONS = AlignOptions(
    objective="atspeed-r",
    alpha=0.5,
    rec_scope="answer",
    over="valid",
    beam_width=4,
    batch_size=8,
    validation=9,
    draft_width=5,
)


def with_options(**changed: object) -> AlignOptions:
    return OPTIONS.model_copy(update=changed)


@pytest.fixture(scope="module")
def pool(world: World, tmp_path_factory: pytest.TempPathFactory) -> TeacherPool:
    return make_pool(world, tmp_path_factory.mktemp("teacher"))


def task_of(world: World, pool: TeacherPool, options: AlignOptions = OPTIONS) -> AlignTask:
    beams = DraftBeams(
        world.target.model,
        trie=pool.trie,
        tokens=world.prompts.tokens,
        machine=MACHINE,
        scoring="full",
    )
    return AlignTask(
        world.draft,
        pool,
        tokens=world.prompts.tokens,
        scoring="full",
        machine=MACHINE,
        options=options,
        draft_beams=beams if options.mixture > 0 else None,
    )


def contents(batches: list[AlignBatch]) -> list[object]:
    """Contents of batches for comparison: prompts and nodes."""
    return [(batch.tree.tokens.tolist(), batch.tree.nodes.tolist()) for batch in batches]


def test_an_epoch_has_all_examples_but_the_held_back_ones(world: World, pool: TeacherPool) -> None:
    task = task_of(world, pool)
    for epoch in (0, 1):
        batches = list(task.batches(epoch, 0))
        assert len(batches) == task.steps == 3
        assert sum(len(batch.tree.tokens) for batch in batches) == 21
        truths = sorted(tuple(row.tolist()) for b in batches for row in b.truth_code)
        held = np.random.default_rng(0).permutation(30)[:9]
        expected = np.delete(pool.truth, held, axis=0)
        assert truths == sorted(map(tuple, expected.tolist()))
    assert contents(list(task.batches(0, 0))) != contents(list(task.batches(1, 0)))


@pytest.mark.parametrize("mixture", [0.0, 0.5])
def test_batches_are_deterministic_and_can_start_anywhere(
    world: World, pool: TeacherPool, mixture: float
) -> None:
    options = with_options(mixture=mixture)
    whole = contents(list(task_of(world, pool, options).batches(1, 0)))
    assert contents(list(task_of(world, pool, options).batches(1, 1))) == whole[1:]


def test_the_mixture_is_the_share_of_the_drafts_beams(world: World, pool: TeacherPool) -> None:
    plain, drafted, mixed = (
        [
            nodes
            for epoch in range(8)
            for nodes in contents(list(task_of(world, pool, options).batches(epoch, 0)))
        ]
        for options in (with_options(mixture=share) for share in (0.0, 1.0, 0.5))
    )
    from_draft = sum(one == other for one, other in zip(mixed, drafted, strict=True))
    from_target = sum(one == other for one, other in zip(mixed, plain, strict=True))
    assert from_draft + from_target == len(mixed)
    assert 5 < from_draft < 19


def test_validation_uses_the_held_back_examples(world: World, pool: TeacherPool) -> None:
    task = task_of(world, pool)
    held = pool.take(np.random.default_rng(0).permutation(30)[:9])
    evaluator = Evaluator(
        world.draft,
        trie=pool.trie,
        tokens=world.prompts.tokens,
        machine=MACHINE,
        scoring="full",
    )
    half, whole = (
        evaluator.acceptance(held, beam_width=width, draft_widths=[5, 5]) for width in (2, 4)
    )
    figures = task.validate()
    assert list(figures) == ["loss", "calls at 2", "calls at 4", "accepted steps"]
    assert figures["calls at 2"] == pytest.approx(half.calls / 9)
    assert figures["calls at 4"] == pytest.approx(whole.calls / 9)
    steps = half.accepted_steps + whole.accepted_steps
    assert figures["accepted steps"] == pytest.approx(steps / 18)


def test_a_width_of_one_is_evaluated_once(world: World, pool: TeacherPool) -> None:
    figures = task_of(world, pool, with_options(beam_width=1)).validate()
    assert list(figures) == ["loss", "calls at 1", "accepted steps"]


@pytest.mark.parametrize("scope", ["answer", "all"])
def test_the_recommendation_is_that_of_plain_causal_passes(
    world: World, pool: TeacherPool, scope: RecScope
) -> None:
    """Prompt and next item of one user at a time, without padding and tree."""
    task = task_of(world, pool, with_options(objective="sft", rec_scope=scope))
    (batch, *_) = task.batches(0, 0)
    each = []
    for row, truth in zip(batch.prompts.tolist(), batch.truth_code.numpy(), strict=True):
        prompt = [token for token in row if token >= 0]
        tokens = torch.tensor([*prompt, *world.prompts.tokens.of(truth)])
        places = torch.arange(len(tokens))
        hidden, _ = world.draft.model.hidden(tokens[None], places[None])
        log_q = world.draft.model.logits(hidden[0]).log_softmax(dim=-1)
        missed = -log_q[places[:-1], tokens[1:]]
        each.append(missed if scope == "all" else missed[-3:])
    loss, figures = task.loss(batch)
    torch.testing.assert_close(loss, torch.cat(each).mean())
    torch.testing.assert_close(figures["recommend"], loss)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_parameter_has_a_gradient_whatever_the_scope(
    world: World, pool: TeacherPool, objective: Objective
) -> None:
    draft = with_heads(world.draft) if objective == "heads" else world.draft
    losses = {}
    for scope in ("answer", "all"):
        task = task_of(
            replace(world, draft=draft), pool, with_options(objective=objective, rec_scope=scope)
        )
        draft.model.zero_grad()
        loss, _ = task.loss(next(task.batches(0, 0)))
        loss.backward()
        gradients = [weight.grad for weight in draft.model.parameters()]
        assert all(each is not None and torch.isfinite(each).all() for each in gradients)
        losses[scope] = float(loss.detach())
    draft.model.zero_grad()
    assert losses["answer"] != losses["all"]
