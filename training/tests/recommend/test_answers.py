"""What a T5 learns: answers after encoded prompts, against `transformers`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from world import MACHINE, World, as_users, make_t5

from nightbeam_training.data.prompts import Prompts, open_prompts
from nightbeam_training.model.checkpoint import Checkpoint, save_checkpoint
from nightbeam_training.recommend.run import AnswerBatch, RecommendOptions, RecommendTask

LEVELS = 3


@pytest.fixture
def checkpoint(world: World) -> Checkpoint:
    return make_t5(world.catalogue, seed=3)


def task_of(
    world: World, checkpoint: Checkpoint, options: RecommendOptions
) -> tuple[RecommendTask, Prompts]:
    prompts = open_prompts(checkpoint.prompt, world.catalogue, Path("world"))
    task = RecommendTask(
        checkpoint,
        as_users(world.histories),
        prompts=prompts,
        machine=MACHINE,
        options=options,
    )
    return task, prompts


def rows_of(tokens: Tensor) -> list[tuple[int, ...]]:
    return [tuple(row[row >= 0].tolist()) for row in tokens]


@pytest.mark.parametrize("items", [1, 3])
def test_every_next_item_is_learned_once_per_epoch(
    world: World, checkpoint: Checkpoint, tmp_path: Path, items: int
) -> None:
    from transformers import T5ForConditionalGeneration

    save_checkpoint(checkpoint, tmp_path)
    theirs = T5ForConditionalGeneration.from_pretrained(tmp_path).eval()
    options = RecommendOptions(batch_size=8, validation=5, seed=0, next_items=items)
    task, prompts = task_of(world, checkpoint, options)
    held = set(np.random.default_rng(0).permutation(30)[:5].tolist())
    expected: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    for user, history in enumerate(world.histories):
        for cut in range(1, len(history) if user not in held else 0):
            answer = np.concatenate([prompts.answer(item) for item in history[cut : cut + items]])
            expected[tuple(prompts.encode(history[:cut])), tuple(answer.tolist())] += 1
    found: Counter[tuple[tuple[int, ...], tuple[int, ...]]] = Counter()
    batches = list(task.batches(0, 0))
    assert len(batches) == task.steps
    for batch in batches:
        assert isinstance(batch, AnswerBatch)
        found.update(zip(rows_of(batch.prompts), rows_of(batch.answers), strict=True))
        # Batches have prompts of nearly the same length.
        assert len({len(row) // LEVELS for row in rows_of(batch.prompts)}) <= 3
        logits = theirs(
            input_ids=batch.prompts.clamp(min=0),
            attention_mask=(batch.prompts >= 0).long(),
            labels=batch.answers.masked_fill(batch.answers < 0, -100),
        ).loss
        torch.testing.assert_close(task.loss(batch)[0], logits, atol=1e-5, rtol=1e-5)
    assert found == expected


def test_last_items_are_held_back(world: World, checkpoint: Checkpoint) -> None:
    options = RecommendOptions(batch_size=8, validation=5, seed=0, hold_back="items", next_items=9)
    task, prompts = task_of(world, checkpoint, options)
    counts = [len(history) - 2 for history in world.histories]
    assert task.histories == sum(count > 0 for count in counts)
    answers = [row for batch in task.batches(0, 0) for row in rows_of(batch.answers)]
    assert len(answers) == sum(counts)
    ends = {
        tuple(prompts.answer(history[place]).tolist())
        for history in world.histories
        for place in range(1, len(history) - 1)
    }
    assert {row[-LEVELS:] for row in answers} <= ends
    assert set(task.validate()) == {"Recall@10", "log-likelihood"}


def test_an_epoch_may_be_a_part_that_is_drawn_anew(world: World, checkpoint: Checkpoint) -> None:
    options = RecommendOptions(batch_size=8, validation=5, seed=0, epoch_size=20)
    task, _ = task_of(world, checkpoint, options)
    assert task.steps == 3
    first, second = (
        [row for batch in task.batches(epoch, 0) for row in rows_of(batch.prompts)]
        for epoch in range(2)
    )
    assert len(first) == len(second) == 20
    assert Counter(first) != Counter(second)


def test_dropout_depends_on_the_batch_alone(world: World) -> None:
    checkpoint = make_t5(world.catalogue, seed=3, dropout_rate=0.3)
    task, _ = task_of(world, checkpoint, RecommendOptions(batch_size=8, validation=5, seed=0))
    one, other = list(task.batches(0, 0))[:2]
    checkpoint.model.train()
    loss = task.loss(one)[0]
    assert task.loss(other)[0] != loss
    assert task.loss(one)[0] == loss
    checkpoint.model.eval()
    assert task.loss(one)[0] != loss
