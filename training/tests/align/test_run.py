"""Batches and validation of an alignment: order of examples, and meaning of the metrics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from world import MACHINE, World, make_pool

from nightbeam_training.align.accept import Evaluator
from nightbeam_training.align.batch import AlignBatch
from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.align.objective import ObjectiveOptions
from nightbeam_training.align.run import AlignOptions, AlignTask
from nightbeam_training.data.teacher_pool import TeacherPool

OPTIONS = AlignOptions(
    objective=ObjectiveOptions(
        objective="atspeed-r",
        alpha=0.5,
        top_k=2,
        temperature=1.0,
        over="valid",
        variant="written",
    ),
    beam_width=4,
    batch_size=8,
    mixture=0.0,
    validation=9,
    draft_width=5,
    seed=0,
)


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
        truths = sorted(tuple(row.tolist()) for b in batches for row in b.truth_token)
        held = np.random.default_rng(0).permutation(30)[:9]
        expected = world.prompts.tokens.of(np.delete(pool.truth, held, axis=0))
        assert truths == sorted(map(tuple, expected.tolist()))
    assert contents(list(task.batches(0, 0))) != contents(list(task.batches(1, 0)))


@pytest.mark.parametrize("mixture", [0.0, 0.5])
def test_batches_are_deterministic_and_can_start_anywhere(
    world: World, pool: TeacherPool, mixture: float
) -> None:
    options = replace(OPTIONS, mixture=mixture)
    whole = contents(list(task_of(world, pool, options).batches(1, 0)))
    assert contents(list(task_of(world, pool, options).batches(1, 1))) == whole[1:]


def test_the_mixture_is_the_share_of_the_drafts_beams(world: World, pool: TeacherPool) -> None:
    plain, drafted, mixed = (
        [
            nodes
            for epoch in range(8)
            for nodes in contents(list(task_of(world, pool, options).batches(epoch, 0)))
        ]
        for options in (replace(OPTIONS, mixture=share) for share in (0.0, 1.0, 0.5))
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
    figures = task_of(world, pool, replace(OPTIONS, beam_width=1)).validate()
    assert list(figures) == ["loss", "calls at 1", "accepted steps"]
