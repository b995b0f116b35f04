"""Picks a draft's size before it is trained, by the cost line."""

from __future__ import annotations

from dataclasses import dataclass

from nightbeam_training.draft.begin import Shape, possible_shapes
from nightbeam_training.draft.cost import CostLine, Size, Work, milliseconds
from nightbeam_training.model.checkpoint import Checkpoint


@dataclass(frozen=True)
class Search:
    """The search that a draft is for."""

    beam_width: int
    levels: int
    nodes: int
    """Most nodes per user."""
    prompt: float
    """Tokens, the mean of some users."""


@dataclass(frozen=True)
class ShapeChoice:
    shape: Shape
    size: Size
    milliseconds: float
    """Expected per user with this draft."""
    plain: float
    """Per user without a draft."""


def choose_shape(
    target: Checkpoint, line: CostLine, search: Search, *, given: Shape | None = None
) -> ShapeChoice:
    """The shape with the least expected time per user, or the given one with what it costs."""
    whole = Size.of(target)
    plain = Work(
        prompt=search.prompt,
        calls=search.levels,
        nodes=(search.levels - 1) * search.beam_width,
        widths=(),
    )
    without = milliseconds(line, plain, target=whole, draft=None)
    choices = [
        ShapeChoice(
            shape,
            size,
            milliseconds(line, _expected(size, whole, search), target=whole, draft=size),
            without,
        )
        for shape, size in possible_shapes(target, given)
    ]
    return min(choices, key=lambda one: one.milliseconds)


def _expected(size: Size, target: Size, search: Search) -> Work:
    """Calls by the share of the target's weights that the draft has."""
    share = size.weights / target.weights
    calls = 1 + EXTRA_CALLS * share**-EXTRA_CALLS_POWER
    width = search.nodes // (search.levels - 1)
    return Work(
        prompt=search.prompt,
        calls=min(calls, search.levels),
        nodes=search.nodes,
        widths=(width,) * (search.levels - 1),
    )


# Fitted to docs/results/drafts.md: drafts of 7% to 70% of the target, K = 20, 120 nodes per user.
EXTRA_CALLS, EXTRA_CALLS_POWER = 0.296, 0.428
