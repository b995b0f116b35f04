"""The objective of heads against NumPy, user by user and level by level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from world import (
    MACHINE,
    World,
    children_of,
    cpu_trie,
    label,
    make_pool,
    make_world,
    prefixes_by_node,
    source_of,
)

from align.naive_loss import User, log_softmax
from nightbeam_training.align.batch import AlignBatch, DraftScores, align_batch
from nightbeam_training.align.heads_objective import LevelCodes, heads_loss, level_codes
from nightbeam_training.align.objective import Losses
from nightbeam_training.align.options import AlignOptions, ObjectiveOptions, Over, RecScope
from nightbeam_training.align.run import AlignTask
from nightbeam_training.data.teacher_files import write_teacher_file
from nightbeam_training.data.teacher_pool import TeacherPool
from nightbeam_training.model.heads import with_heads
from nightbeam_training.model.token_scores import TokenScores

WIDTH = 3
USERS = 6
HEADS = ObjectiveOptions(objective="heads", alpha=1.0, over="valid", rec_scope="answer")


def with_options(**changed: object) -> ObjectiveOptions:
    return HEADS.model_copy(update=changed)


def loss_of(
    logits: Tensor, batch: AlignBatch, given: ObjectiveOptions, codes: LevelCodes
) -> tuple[Tensor, Losses]:
    """logits: over the vocabulary, [users, levels - 1, vocabulary]."""
    asked = codes.tokens.expand(len(logits), -1, -1)
    scores = TokenScores(logits=logits.gather(-1, asked), normaliser=logits.logsumexp(dim=-1))
    return heads_loss(DraftScores(codes=scores, prompt=None), batch, given, codes=codes)


@pytest.fixture(scope="module")
def batch(world: World, tmp_path_factory: pytest.TempPathFactory) -> AlignBatch:
    """Beams of twice the width that counts; the third user's next item is unknown."""
    path = tmp_path_factory.mktemp("teacher") / "a.safetensors"
    labels = label(world, world.histories[:USERS], width=2 * WIDTH)
    write_teacher_file(path, labels.examples, source_of(world.catalogue))
    examples = TeacherPool([path], world.catalogue.trie).take(np.arange(USERS))
    examples.truth[2] = -1
    trie, tokens = cpu_trie(world.catalogue), world.prompts.tokens
    return align_batch(examples, trie=trie, tokens=tokens, width=WIDTH)


@pytest.fixture(scope="module")
def codes(world: World) -> LevelCodes:
    return level_codes(cpu_trie(world.catalogue), world.prompts.tokens)


@pytest.fixture(scope="module")
def logits(world: World) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(USERS, 2, world.spec.vocabulary, generator=generator)


def by_hand(world: World, batch: AlignBatch, logits: Tensor, given: ObjectiveOptions) -> float:
    """Mean over users and levels of KL(mixture of the K best prefixes' next codes || head)."""
    codes, offsets = world.catalogue.trie.codes, world.spec.codeTokenOffsets
    paths, children = world.catalogue.codes, children_of(world.catalogue)
    each = []
    for user in range(USERS):
        nothing = torch.zeros(*batch.tree.nodes.shape, world.spec.vocabulary)
        naive = User(world, batch, nothing, user, width=WIDTH)
        for level in range(2):
            beams = [()] if level == 0 else naive.best[level - 1]
            shares, mixture = [], np.zeros(codes)
            for prefix in beams:
                score = 0.0
                for at, code in enumerate(prefix):
                    before = prefix[:at]
                    score += naive.answers[before][children(before).index(code)]
                shares.append(np.exp(score))
            for prefix, share in zip(beams, shares, strict=True):
                answers = naive.answers[prefix] / given.temperature
                p = np.exp(log_softmax(answers) if given.over == "valid" else answers)
                mixture[children(prefix)] += share / sum(shares) * p
            at_level = logits[user, level].double().numpy() / given.temperature
            if given.over == "valid":
                exist = sorted(set(paths[:, level].tolist()))
                q = log_softmax(at_level[[offsets[level] + code for code in exist]])
                p = mixture[exist]
            else:
                taken = np.flatnonzero(mixture > 0)
                q = log_softmax(at_level)[taken + offsets[level]]
                q = np.append(q, np.log1p(-np.exp(q).sum()))
                p = np.append(mixture[taken], 1 - mixture[taken].sum())
            some = p > 0
            each.append(float((p[some] * (np.log(p[some]) - q[some])).sum()))
    return float(np.mean(each))


@pytest.mark.parametrize(("over", "temperature"), [("valid", 1), ("valid", 2), ("vocabulary", 1)])
def test_the_alignment_term_matches_its_definition(
    world: World,
    batch: AlignBatch,
    codes: LevelCodes,
    logits: Tensor,
    over: Over,
    temperature: float,
) -> None:
    given = with_options(over=over, temperature=temperature)
    loss, figures = loss_of(logits, batch, given, codes)
    assert torch.equal(figures["align"], loss)
    assert float(loss) == pytest.approx(by_hand(world, batch, logits, given), rel=1e-4)


def test_the_next_item_counts_by_one_minus_alpha(
    batch: AlignBatch, codes: LevelCodes, logits: Tensor
) -> None:
    loss, figures = loss_of(logits, batch, with_options(alpha=0.3), codes)
    log_q = logits.log_softmax(dim=-1)
    missed = [
        -float(log_q[user, level, codes.tokens[level, batch.truth_code[user, level]]])
        for user in range(USERS)
        for level in range(2)
        if user != 2
    ]
    assert float(figures["recommend"]) == pytest.approx(np.mean(missed), rel=1e-5)
    mixed = 0.7 * figures["recommend"] + 0.3 * figures["align"]
    torch.testing.assert_close(loss, mixed)


def test_unknown_next_items(batch: AlignBatch, codes: LevelCodes, logits: Tensor) -> None:
    unknown = replace(batch, truth_code=torch.full_like(batch.truth_code, -1))
    free = logits.clone().requires_grad_()
    loss, figures = loss_of(free, unknown, with_options(alpha=0.5), codes)
    loss.backward()
    assert figures["recommend"].isnan()
    assert free.grad is not None
    assert torch.isfinite(free.grad).all()


def test_codes_of_a_level_are_those_of_some_path(world: World, codes: LevelCodes) -> None:
    for level in range(2):
        found = torch.nonzero(codes.exist[level])[:, 0].tolist()
        assert found == prefixes_at(world, level)


def prefixes_at(world: World, level: int) -> list[int]:
    return sorted({prefix[level] for prefix in prefixes_by_node(world.catalogue) if prefix[level:]})


@pytest.mark.parametrize(("over", "rec_scope"), [("valid", "all"), ("vocabulary", "answer")])
def test_training_lowers_it(tmp_path: Path, over: Over, rec_scope: RecScope) -> None:
    world = make_world()
    options = AlignOptions(
        objective="heads",
        over=over,
        alpha=0.7,
        rec_scope=rec_scope,
        beam_width=4,
        batch_size=8,
        validation=9,
        draft_width=5,
    )
    draft = with_heads(world.draft)
    task = AlignTask(
        draft,
        make_pool(world, tmp_path),
        tokens=world.prompts.tokens,
        scoring="full",
        machine=MACHINE,
        options=options,
        draft_beams=None,
    )
    optimizer = torch.optim.Adam(draft.model.parameters(), lr=3e-3)
    before = task.validate()["loss"]
    for epoch in range(10):
        for batch in task.batches(epoch, 0):
            loss, _ = task.loss(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    after = task.validate()
    assert after["loss"] < 0.95 * before
    assert list(after) == ["loss", "calls at 2", "calls at 4", "accepted steps"]
    # Every part has learned, including the blocks.
    assert all(bool((weight != 0).any()) for weight in draft.model.nightbeam_heads.parameters())
