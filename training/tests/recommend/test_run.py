"""Training on histories: the loss of `transformers`, windows, and a pattern that can be learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from world import MACHINE, World, as_users, make_catalogue_at_random, make_model, opinion_of, search

from nightbeam_training.data.catalogue import Catalogue, Ints, make_catalogue
from nightbeam_training.data.prompt_spec import PromptSpec, default_prompt_spec
from nightbeam_training.data.prompts import open_prompts
from nightbeam_training.model.checkpoint import Checkpoint, save_checkpoint
from nightbeam_training.recommend.run import RecommendOptions, RecommendTask


def task_of(
    checkpoint: Checkpoint,
    histories: list[Ints],
    catalogue: Catalogue,
    *,
    batch_size: int = 4,
    validation: int = 5,
    seed: int = 0,
) -> RecommendTask:
    return RecommendTask(
        checkpoint,
        as_users(histories),
        prompts=open_prompts(checkpoint.prompt, catalogue, Path("world")),
        machine=MACHINE,
        options=RecommendOptions(batch_size=batch_size, validation=validation, seed=seed),
    )


def test_loss_is_that_of_transformers(world: World, tmp_path: Path) -> None:
    from transformers import LlamaForCausalLM

    save_checkpoint(world.target, tmp_path)
    theirs = LlamaForCausalLM.from_pretrained(tmp_path).eval()
    task = task_of(world.target, world.histories, world.catalogue)
    for batch in task.batches(0, 0):
        tokens = batch.tokens
        known = tokens.clamp(min=0)
        expected = theirs(
            input_ids=known,
            attention_mask=(tokens >= 0).long(),
            labels=tokens.masked_fill(tokens < 0, -100),
        ).loss
        torch.testing.assert_close(task.loss(batch)[0], expected, atol=1e-5, rtol=1e-5)


def test_an_epoch_has_every_training_history_once(world: World) -> None:
    task = task_of(world.target, world.histories, world.catalogue)
    items = 1 + world.spec.prompt.maxItems

    def windows(history: Ints) -> set[tuple[int, ...]]:
        starts = range(max(len(history) - items, 0) + 1)
        cuts = [history[start : start + items] for start in starts]
        return {tuple(world.prompts.encode(cut, whole=True)) for cut in cuts}

    batches = list(task.batches(0, 0))
    assert len(batches) == task.steps == 7
    rows = [tuple(row[row >= 0].tolist()) for batch in batches for row in batch.tokens]
    assert len(rows) == 25
    possible = [windows(history) for history in world.histories]
    held = np.random.default_rng(0).permutation(30)[:5]
    for user, own in enumerate(possible):
        if user not in held:
            assert any(row in own for row in rows)
    assert max(map(len, rows)) == 1 + 3 * items


def around(spec: PromptSpec) -> PromptSpec:
    """The same with tokens around the items and after the answer, newest items first. All prompts
    begin with ten tokens."""
    prompt = {
        **spec.prompt.model_dump(exclude_unset=True),
        "itemPrefix": [3, 0] * 4 + [3],
        "itemSuffix": [3],
        "suffix": [2, 2],
        "order": "newest-first",
    }
    fields = spec.model_dump(exclude_unset=True)
    return PromptSpec.model_validate({**fields, "prompt": prompt, "end": [2, 0]})


def test_of_other_prompts_only_the_answer_is_learned(world: World, tmp_path: Path) -> None:
    from transformers import LlamaForCausalLM

    checkpoint = make_model(around(world.spec), seed=3)
    save_checkpoint(checkpoint, tmp_path)
    theirs = LlamaForCausalLM.from_pretrained(tmp_path).eval()
    task = task_of(checkpoint, world.histories, world.catalogue)
    prompts = open_prompts(checkpoint.prompt, world.catalogue, tmp_path)
    pairs = {
        (*prompts.encode(history[:stop]).tolist(), *prompts.answer(history[stop]).tolist())
        for history in world.histories
        for stop in range(1, len(history))
    }
    rows = []
    for batch in task.batches(0, 0):
        assert batch.shared >= 10 or len(batch.tokens) == 1
        size = (batch.tokens >= 0).sum(dim=1, keepdim=True)
        places = torch.arange(batch.tokens.shape[1])
        labels = batch.tokens.masked_fill((places < size - 5) | (places >= size), -100)
        expected = theirs(input_ids=batch.tokens.clamp(min=0), labels=labels).loss
        torch.testing.assert_close(task.loss(batch)[0], expected, atol=1e-5, rtol=1e-5)
        rows += [tuple(row[row >= 0].tolist()) for row in batch.tokens]
    assert len(rows) == 25
    assert set(rows) <= pairs
    assert {row[-2:] for row in rows} == {(2, 0)}
    more = {
        tuple(row[row >= 0].tolist())
        for epoch in range(4)
        for batch in task.batches(epoch, 0)
        for row in batch.tokens
    }
    assert len(more) > 40


def test_long_histories_are_windows_from_anywhere(world: World) -> None:
    long = [np.arange(40) for _ in range(30)]
    task = task_of(world.target, long, world.catalogue)
    assert {batch.tokens.shape[1] for batch in task.batches(0, 0)} == {1 + 3 * 5}
    rows = {
        tuple(row.tolist())
        for epoch in range(3)
        for batch in task.batches(epoch, 0)
        for row in batch.tokens
    }
    assert len(rows) > 20


def test_batches_are_deterministic_and_can_start_anywhere(world: World) -> None:
    task = task_of(world.target, world.histories, world.catalogue)
    again = task_of(world.target, world.histories, world.catalogue)
    whole, other = list(task.batches(1, 0)), list(again.batches(1, 0))
    assert all(torch.equal(a.tokens, b.tokens) for a, b in zip(whole, other, strict=True))
    rest = list(task.batches(1, 3))
    assert all(torch.equal(a.tokens, b.tokens) for a, b in zip(whole[3:], rest, strict=True))
    assert [b.tokens.tolist() for b in task.batches(2, 0)] != [b.tokens.tolist() for b in whole]


def test_validation_predicts_the_last_item(world: World) -> None:
    histories = world.histories[:12]
    task = task_of(world.target, histories, world.catalogue, validation=8)
    held = np.random.default_rng(0).permutation(12)[:8]
    hits, likelihood = 0, 0.0
    for user in held:
        history = histories[user]
        prompt = world.prompts.encode(history[:-1])
        opinion = opinion_of(world.target, world.catalogue, prompt)
        path = tuple(world.catalogue.codes[history[-1]].tolist())
        hits += path in {found for _, found in search(opinion, [10] * 3)[-1]}
        likelihood += sum(opinion(path[:level])[path[level]] for level in range(3))
    assert 0 < hits < 8
    assert task.validate() == {
        "Recall@10": hits / 8,
        "log-likelihood": pytest.approx(likelihood / 8, rel=1e-5),
    }


def test_learns_a_fixed_order() -> None:
    """Item n is followed by item n + 1; a list of ten is far from all 60."""
    paths = np.array([[a, b, c] for a in range(5) for b in range(4) for c in range(3)])
    catalogue = make_catalogue([str(item) for item in range(60)], paths)
    spec = default_prompt_spec(catalogue, max_items=3)
    checkpoint = make_model(spec, seed=0, width=32, initializer_range=0.05)
    rng = np.random.default_rng(0)
    histories = [(int(rng.integers(60)) + np.arange(4)) % 60 for _ in range(200)]
    task = task_of(checkpoint, histories, catalogue, batch_size=32, validation=40)
    before = task.validate()
    optimizer = torch.optim.AdamW(checkpoint.model.parameters(), lr=1e-2)
    for epoch in range(12):
        for batch in task.batches(epoch, 0):
            task.loss(batch)[0].backward()
            optimizer.step()
            optimizer.zero_grad()
    after = task.validate()
    assert before["Recall@10"] < 0.5
    assert after["Recall@10"] > 0.9
    assert after["log-likelihood"] > before["log-likelihood"] + 1


def test_a_shared_path_counts_for_every_item_on_it() -> None:
    catalogue = make_catalogue_at_random(items=60, levels=2, codes=3)
    spec = default_prompt_spec(catalogue, max_items=3)
    checkpoint = make_model(spec, seed=0)
    histories = [np.array([1, item]) for item in range(20)]
    figures = task_of(checkpoint, histories, catalogue, validation=20).validate()
    assert figures["Recall@10"] == 1.0
