"""Accepted steps and calls against the loop written for one user with sets."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
import torch
from world import (
    MACHINE,
    Opinion,
    Path_,
    World,
    children_of,
    cpu_trie,
    make_pool,
    opinion_of,
    prefixes_by_node,
    search,
)

from nightbeam_training.align.accept import Evaluator
from nightbeam_training.align.draft_beams import DraftBeams
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.data.teacher_pool import ExampleBatch, TeacherPool
from nightbeam_training.model.checkpoint import Checkpoint

Beam = tuple[float, Path_]


def evaluator_of(world: World, draft: Checkpoint, scoring: Scoring = "full") -> Evaluator:
    return Evaluator(
        draft,
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
        machine=MACHINE,
        scoring=scoring,
    )


@pytest.fixture(scope="module", params=["full", "renormalized"])
def scoring(request: pytest.FixtureRequest) -> Scoring:
    return request.param


@pytest.fixture(scope="module")
def pool(world: World, scoring: Scoring, tmp_path_factory: pytest.TempPathFactory) -> TeacherPool:
    return make_pool(world, tmp_path_factory.mktemp(scoring), width=4, scoring=scoring)


@pytest.fixture(scope="module")
def examples(pool: TeacherPool) -> ExampleBatch:
    """All examples; binary16 makes different scores equal, so each gets a little noise."""
    batch = pool.take(np.arange(len(pool)))
    noise = 1e-3 * torch.randn(batch.log_p.shape, generator=torch.Generator().manual_seed(0))
    # A code without alternative stays certain.
    return replace(batch, log_p=torch.where(batch.log_p == 0, 0.0, batch.log_p + noise))


def one_user(examples: ExampleBatch, user: int) -> ExampleBatch:
    at = slice(user, user + 1)
    return ExampleBatch(**{name: value[at] for name, value in vars(examples).items()})


def longer(opinion: Opinion, beams: list[Beam]) -> list[Beam]:
    children = [
        (score + value, (*prefix, code))
        for score, prefix in beams
        for code, value in opinion(prefix).items()
    ]
    return sorted(children, key=lambda child: (-child[0], child[1]))


def drafted_by(
    opinion: Opinion, begin: list[Beam], widths: list[int], keep: int
) -> list[set[Path_]]:
    """From the beams of a depth downwards: the `keep` best of a search of that width, then the best
    of the rest, level by level."""
    chain = beams = begin
    levels = []
    for width in widths[len(begin[0][1]) :]:
        chain = longer(opinion, chain)[:keep]
        rest = [beam for beam in longer(opinion, beams) if beam not in chain]
        beams = chain + rest[: max(width - len(chain), 0)]
        levels.append({prefix for _, prefix in beams})
    return levels


class User:
    """One user's loop: (accepted steps, calls, nodes sent)."""

    def __init__(self, world: World, example: ExampleBatch, scoring: Scoring) -> None:
        prefixes = prefixes_by_node(world.catalogue)
        self.answers: dict[Path_, dict[int, float]] = {}
        for node, row in zip(example.nodes[0].tolist(), example.log_p[0], strict=True):
            if node >= 0:
                codes = np.flatnonzero(row > -np.inf).tolist()
                self.answers[prefixes[node]] = {code: float(row[code]) for code in codes}
        prompt = example.prompts[0]
        self.draft = opinion_of(world.draft, world.catalogue, prompt[prompt >= 0], scoring)
        children = children_of(world.catalogue)
        self.is_asked = lambda prefix: scoring == "full" or len(children(prefix)) > 1

    def measured(self, width: int, widths: list[int]) -> tuple[int, int, int]:
        # Below a prefix that the teacher's wider search did not reach, nothing is known.
        levels = search(lambda prefix: self.answers.get(prefix, {}), [width] * len(widths))
        beams = [[(0.0, ())], *levels]
        needed = [{prefix for _, prefix in level if self.is_asked(prefix)} for level in beams]
        sent: set[Path_] = set()
        accepted, calls = 0, 0
        while not set.union(*needed) <= sent:

            def mixed(prefix: Path_, sent: set[Path_] = sent) -> dict[int, float]:
                answers = prefix in sent and prefix in self.answers
                return self.answers[prefix] if answers else self.draft(prefix)

            depth = next(at for at, level in enumerate(needed) if not level <= sent)
            drafted = drafted_by(mixed, beams[depth], widths, width)
            sent = sent | needed[depth] | set().union(*drafted)
            if calls == 0:
                settled = [level <= sent for level in needed[depth:]]
                accepted = [*settled, False].index(False) - 1
            calls += 1
        return accepted, calls, len([one for one in sent - {()} if self.is_asked(one)])


@pytest.mark.parametrize(("width", "widths"), [(1, [2, 2]), (3, [4, 3]), (4, [4, 12]), (4, [2, 2])])
def test_equals_the_loop_for_every_user(
    world: World, examples: ExampleBatch, scoring: Scoring, width: int, widths: list[int]
) -> None:
    evaluator = evaluator_of(world, world.draft, scoring)
    naive = [
        User(world, one_user(examples, user), scoring).measured(width, widths)
        for user in range(len(examples.truth))
    ]
    found = evaluator.acceptance(examples, beam_width=width, draft_widths=widths)
    assert found.users == len(naive)
    assert (found.accepted_steps, found.calls, found.nodes) == tuple(
        map(sum, zip(*naive, strict=True))
    )
    assert len({steps for steps, _, _ in naive}) > 1


def test_users_do_not_affect_each_other(world: World, pool: TeacherPool, scoring: Scoring) -> None:
    evaluator = evaluator_of(world, world.draft, scoring)
    together = evaluator.acceptance(pool.take(np.arange(10)), beam_width=3, draft_widths=[4, 4])
    alone = [
        evaluator.acceptance(pool.take(np.array([user])), beam_width=3, draft_widths=[4, 4])
        for user in range(10)
    ]
    summed = zip(*map(astuple, alone), strict=True)
    assert tuple(map(sum, summed)) == astuple(together)
    assert all(1 <= one.calls <= world.catalogue.trie.levels for one in alone)
    assert all(0 <= one.accepted_steps <= 2 for one in alone)


def test_the_target_as_its_own_draft_needs_one_call(
    world: World, pool: TeacherPool, scoring: Scoring
) -> None:
    beams = DraftBeams(
        world.target.model,
        trie=cpu_trie(world.catalogue),
        tokens=world.prompts.tokens,
        machine=MACHINE,
        scoring=scoring,
    )
    # Asked again, because binary16 makes different scores equal.
    exact, log_q = beams.of(world.target.model, pool.take(np.arange(len(pool))), 4)
    real = exact.nodes >= 0
    torch.testing.assert_close(log_q[real], exact.log_p[real])
    evaluator = evaluator_of(world, world.target, scoring)
    found = evaluator.acceptance(exact, beam_width=4, draft_widths=[4, 4])
    assert found.calls == len(pool)
    assert found.accepted_steps == 2 * len(pool)


def test_a_draft_of_the_whole_catalogue_needs_one_call(
    world: World, pool: TeacherPool, scoring: Scoring
) -> None:
    evaluator = evaluator_of(world, world.draft, scoring)
    found = evaluator.acceptance(pool.take(np.arange(5)), beam_width=2, draft_widths=[999, 999])
    trie = world.catalogue.trie
    assert (found.calls, found.accepted_steps) == (5, 10)
    nodes = np.arange(1, trie.level_start[3])
    if scoring == "renormalized":
        nodes = nodes[trie.child_start[nodes + 1] - trie.child_start[nodes] > 1]
    assert found.nodes == 5 * len(nodes)
