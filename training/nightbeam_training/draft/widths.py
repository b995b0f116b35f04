"""Draft widths per level: the most first calls that are enough, for a number of nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from pydantic import BaseModel, ConfigDict

from nightbeam_training.data.catalogue import Ints
from nightbeam_training.draft.cost import CostLine, Size, Work, milliseconds
from nightbeam_training.draft.held_out import HeldOut
from nightbeam_training.model.checkpoint import Checkpoint

_MOVES = (16, 8, 4, 2, 1)
"""Nodes that are moved from one level to another, large moves first."""
STEPS = 5
"""Numbers of drafted nodes that are tried, from the fewest that can help to the limit."""


def widths_for(needs: Ints, *, nodes: int, beam_width: int, sizes: Ints) -> list[int]:
    """Splits `nodes` over the levels so that as many users as possible need one call.

    needs: [users, levels - 1], from `needed_widths`. No level gets less than `beam_width` (fewer
    accept no step) or more than it has prefixes (`sizes`: [levels - 1]). Starts with equal widths
    and moves nodes from one level to another while that helps.
    """
    levels = needs.shape[1]
    least = np.minimum(beam_width, sizes)
    widths = np.array(even_widths(nodes, beam_width=beam_width, sizes=sizes))
    best = _enough(needs, widths)
    for move in _MOVES:
        improved = True
        while improved:
            improved = False
            for giver, taker in permutations(range(levels), 2):
                step = min(move, int(sizes[taker] - widths[taker]))
                if step <= 0 or widths[giver] - step < least[giver]:
                    continue
                moved = widths.copy()
                moved[giver] -= step
                moved[taker] += step
                found = _enough(needs, moved)
                if found > best:
                    best, widths, improved = found, moved, True
    return [int(width) for width in widths]


def even_widths(nodes: int, *, beam_width: int, sizes: Ints) -> list[int]:
    """Widths that are as equal as their limits allow, and sum to `nodes` if that is possible."""
    widths = np.minimum(beam_width, sizes)
    for _ in range(nodes - int(widths.sum())):
        room = np.flatnonzero(widths < sizes)
        if len(room) == 0:
            break
        widths[room[widths[room].argmin()]] += 1
    return [int(width) for width in widths]


def _enough(needs: Ints, widths: Ints) -> tuple[float, ...]:
    """Share of the users who need one call; then the mean number of levels that it settles.

    The second decides between equal first ones, and leads out of plateaus.
    """
    settled = np.cumprod(needs <= widths, axis=1)
    return float(settled[:, -1].mean()), float(settled.mean()), float((needs <= widths).mean())


class WidthChoice(BaseModel):
    """Draft widths, with what they cost users that the draft was not trained on."""

    model_config = ConfigDict(frozen=True)

    @property
    def words(self) -> str:
        """For people."""
        widths = ",".join(map(str, self.widths)) or "plain search"
        return (
            f"K = {self.beam_width}, {widths}: {self.calls:.2f} calls, {self.nodes:.1f} nodes, "
            f"{self.milliseconds:.2f} ms"
        )

    beam_width: int
    widths: tuple[int, ...]
    calls: float
    """Per user, as are nodes and milliseconds."""
    nodes: float
    milliseconds: float
    """By the cost line."""


@dataclass(frozen=True)
class WidthOptions:
    beam_width: int
    """K"""
    nodes: int
    """Most nodes per user, over all of a user's calls."""
    line: CostLine
    target: Size


def width_choices(
    draft: Checkpoint,
    held_out: HeldOut,
    options: WidthOptions,
    *,
    report: Callable[[WidthChoice], None],
) -> list[WidthChoice]:
    """Widths for more and more nodes per user, up to the limit; at least one choice.

    report: called with each one that was measured, those beyond the limit included.
    """
    trie, beam_width = held_out.prompts.catalogue.trie, options.beam_width
    # Levels of closing tokens are drafted as wide as the last level of codes, as in a run.
    codes, closing = held_out.prompts.spec.levels, trie.levels - held_out.prompts.spec.levels
    sizes = trie.drafted_sizes[: codes - 1]
    least = int(np.minimum(beam_width, sizes).sum())
    even = even_widths(options.nodes, beam_width=beam_width, sizes=sizes)
    ranks = held_out.needs(
        draft,
        beam_width=beam_width,
        widths=[*even, *even[-1:] * closing],
        limit=options.nodes,
    )
    needs = np.column_stack((ranks[:, : codes - 2], ranks[:, codes - 2 :].max(axis=1)))
    prompt = float(held_out.pool.prompt_lengths.mean())

    def choice(nodes: int) -> WidthChoice:
        widths = widths_for(needs, nodes=nodes, beam_width=beam_width, sizes=sizes)
        drafted = [*widths, *widths[-1:] * closing]
        found = held_out.acceptance(draft, beam_width=beam_width, widths=drafted)
        calls, asked = found.calls / found.users, found.nodes / found.users
        work = Work(prompt=prompt, calls=calls, nodes=asked, widths=tuple(drafted))
        cost = milliseconds(options.line, work, target=options.target, draft=Size.of(draft))
        found_choice = WidthChoice(
            beam_width=beam_width,
            widths=tuple(widths),
            calls=calls,
            nodes=asked,
            milliseconds=cost,
        )
        report(found_choice)
        return found_choice

    totals = sorted({int(nodes) for nodes in np.linspace(least, options.nodes, STEPS)})
    choices = [choice(nodes) for nodes in totals]
    # Calls after the first ask for more nodes than are drafted, and prefixes with one child are not
    # asked about under renormalized scoring: draft as many fewer or more.
    adjusted = int(totals[-1] * options.nodes / choices[-1].nodes)
    if adjusted >= least and adjusted not in totals:
        choices.append(choice(adjusted))
    within = [one for one in choices if one.nodes <= options.nodes]
    return sorted(within or choices[:1], key=lambda one: sum(one.widths))


def plain_choice(held_out: HeldOut, options: WidthOptions) -> WidthChoice:
    """Plain beam search: nothing is drafted, and a call settles one level."""
    trie = held_out.prompts.catalogue.trie
    sizes = trie.drafted_sizes
    nodes = float(np.minimum(options.beam_width, sizes).sum())
    prompt = float(held_out.pool.prompt_lengths.mean())
    work = Work(prompt=prompt, calls=trie.levels, nodes=nodes, widths=())
    cost = milliseconds(options.line, work, target=options.target, draft=None)
    return WidthChoice(
        beam_width=options.beam_width,
        widths=(),
        calls=trie.levels,
        nodes=nodes,
        milliseconds=cost,
    )
