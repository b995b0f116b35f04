"""Draft widths against all possible ones, and needs against a search written the obvious way."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from world import (
    MACHINE,
    Opinion,
    Path_,
    World,
    make_pool,
    make_world,
    opinion_of,
    search,
)

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.data.teacher_files import Scoring
from nightbeam_training.draft.cost import COST_LINES, Size
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.draft.widths import (
    WidthChoice,
    WidthOptions,
    even_widths,
    plain_choice,
    width_choices,
    widths_for,
)

WIDTH, LIMIT = 3, 9


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(levels=4)


@pytest.fixture(scope="module")
def held_out(world: World, tmp_path_factory: pytest.TempPathFactory) -> HeldOut:
    pool = make_pool(world, tmp_path_factory.mktemp("pool"))
    return HeldOut(pool, world.prompts, MACHINE, "full", batch_size=7)


def enough(needs: Ints, widths: list[int]) -> float:
    return float((needs <= widths).all(axis=1).mean())


@pytest.mark.parametrize("seed", range(5))
def test_widths_are_about_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    needs = rng.integers(2, 12, size=(200, 3)) * [1, 2, 1]
    sizes = np.array([9, 40, 40])
    found = widths_for(needs, nodes=36, beam_width=2, sizes=sizes)
    assert sum(found) == 36
    assert all(2 <= width <= size for width, size in zip(found, sizes, strict=True))
    best = max(
        enough(needs, [one, two, 36 - one - two])
        for one, two in product(range(2, 10), range(2, 33))
        if 2 <= 36 - one - two <= 40
    )
    assert enough(needs, even_widths(36, beam_width=2, sizes=sizes)) < best
    assert enough(needs, found) >= 0.97 * best


def test_even_widths_keep_to_the_catalogue() -> None:
    sizes = np.array([3, 10, 10])
    assert even_widths(15, beam_width=2, sizes=sizes) == [3, 6, 6]
    assert even_widths(2, beam_width=4, sizes=sizes) == [3, 4, 4]
    assert even_widths(99, beam_width=4, sizes=sizes) == [3, 10, 10]


def ranks_in(opinion: Opinion, level: int, widths: list[int]) -> dict[Path_, int]:
    """Ranks of what a draft may propose: first what a search of width K keeps, then by score."""
    kept = search(opinion, [WIDTH] * (level + 1))
    proposed: list[tuple[float, Path_]] = [(0.0, ())]
    for at, width in enumerate([*widths[:level], LIMIT]):
        best = sorted(
            (
                (score + log_prob, (*prefix, code))
                for score, prefix in proposed
                for code, log_prob in opinion(prefix).items()
            ),
            key=lambda one: (-one[0], one[1]),
        )
        chain = [prefix for _, prefix in kept[at]]
        others = [one for one in best if one[1] not in chain]
        proposed = [one for one in best if one[1] in chain] + others[: width - len(chain)]
    chain = [prefix for _, prefix in kept[level]]
    later = sorted((one for one in proposed if one[1] not in chain), key=lambda one: -one[0])
    return {
        **dict.fromkeys(chain, 1),
        **{prefix: WIDTH + at for at, (_, prefix) in enumerate(later, start=1)},
    }


@pytest.mark.parametrize("scoring", ["full", "renormalized"])
def test_needs_are_ranks_in_the_drafts_own_proposals(
    world: World, tmp_path: Path, scoring: Scoring
) -> None:
    pool = make_pool(world, tmp_path, scoring=scoring)
    widths = [4, 5, 6]
    needs = HeldOut(pool, world.prompts, MACHINE, scoring, batch_size=7).needs(
        world.draft, beam_width=WIDTH, widths=widths, limit=LIMIT
    )
    users = np.argsort(pool.prompt_lengths, kind="stable")
    for row, user in enumerate(users[:6]):
        prompt = world.prompts.encode(world.histories[user][:-1])
        target, draft = (
            opinion_of(model, world.catalogue, prompt, scoring)
            for model in (world.target, world.draft)
        )
        asked = search(target, [WIDTH] * 3)
        for level in range(3):
            ranks = ranks_in(draft, level, widths)
            needed = [
                ranks.get(prefix, LIMIT + 1)
                for _, prefix in asked[level]
                if scoring == "full" or len(target(prefix)) > 1
            ]
            assert needs[row, level] == max(needed, default=0)


def test_choices_stay_within_the_nodes_and_beat_even_widths(
    world: World, held_out: HeldOut
) -> None:
    options = WidthOptions(
        beam_width=3, nodes=24, line=COST_LINES["h200"], target=Size(layers=2, weights=10_000)
    )
    told: list[WidthChoice] = []
    choices = width_choices(world.draft, held_out, options, report=told.append)
    assert set(choices) <= set(told)
    assert all(choice.nodes <= 24 for choice in choices)
    assert [sum(choice.widths) for choice in choices] == sorted(
        sum(choice.widths) for choice in choices
    )
    found = held_out.acceptance(world.draft, beam_width=3, widths=list(choices[-1].widths))
    assert choices[-1].calls == found.calls / found.users
    plain = plain_choice(held_out, options)
    assert (plain.calls, plain.widths) == (4, ())
    assert all(choice.calls <= plain.calls for choice in choices)


def test_figures_do_not_depend_on_batches(world: World, held_out: HeldOut, tmp_path: Path) -> None:
    at_once = HeldOut(held_out.pool, world.prompts, MACHINE, "full")
    one, other = (
        each.acceptance(world.draft, beam_width=3, widths=[5, 4, 6]) for each in (held_out, at_once)
    )
    assert one == other
