"""Accepted steps and calls against the loop written for one user with sets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from world import (
    MACHINE,
    Opinion,
    Path_,
    World,
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


def longer(opinion: Opinion, beams: list[Beam]) -> list[Beam]:
    children = [
        (score + value, (*prefix, code))
        for score, prefix in beams
        for code, value in opinion(prefix).items()
    ]
    return sorted(children, key=lambda child: (-child[0], child[1]))


def drafted_by(opinion: Opinion, widths: list[int], keep: int) -> list[set[Path_]]:
    """The `keep` best of a search of that width, then the best of the rest, level by level."""
    chain: list[Beam] = [(0.0, ())]
    beams, levels = chain, []
    for width in widths:
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

    def measured(self, width: int, widths: list[int]) -> tuple[int, int, int]:
        # Below a prefix that the teacher's wider search did not reach, nothing is known.
        levels = search(lambda prefix: self.answers.get(prefix, {}), [width] * len(widths))
        needed = [{()}, *({prefix for _, prefix in level} for level in levels)]
        known: set[Path_] = set()
        sent: set[Path_] = set()
        accepted, calls = -1, 0
        while not set.union(*needed) <= known:

            def mixed(prefix: Path_, known: set[Path_] = known) -> dict[int, float]:
                answers = prefix in known and prefix in self.answers
                return self.answers[prefix] if answers else self.draft(prefix)

            drafted = drafted_by(mixed, widths, width)
            if accepted < 0:
                accepted = 0
                for want, have in zip(needed[1:], drafted, strict=True):
                    if not want <= have:
                        break
                    accepted += 1
            first = next(level for level in needed if not level <= known)
            sent |= set.union(*drafted) | (first - known)
            known = known | (set.union(*needed) & sent)
            calls += 1
        return accepted, calls, len(sent - {()})


@pytest.mark.parametrize(("width", "widths"), [(1, [2, 2]), (3, [4, 3]), (4, [4, 12]), (4, [2, 2])])
def test_equals_the_loop_for_every_user(
    world: World, pool: TeacherPool, scoring: Scoring, width: int, widths: list[int]
) -> None:
    evaluator = evaluator_of(world, world.draft, scoring)
    everyone = np.arange(len(pool))
    naive = [
        User(world, pool.take(everyone[user : user + 1]), scoring).measured(width, widths)
        for user in everyone
    ]
    found = evaluator.acceptance(pool.take(everyone), beam_width=width, draft_widths=widths)
    assert found.users == len(pool)
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
    summed = alone[0]
    for other in alone[1:]:
        summed = summed.plus(other)
    assert summed == together
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
    assert found.nodes == 5 * (int(trie.level_start[3]) - 1)
