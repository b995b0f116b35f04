"""What `nightbeam-train draft` prints before and after its work."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from nightbeam_training.draft.choose import ShapeChoice
from nightbeam_training.draft.cost import Size
from nightbeam_training.draft.options import BATCH, DraftOptions
from nightbeam_training.draft.run import DraftResult
from nightbeam_training.draft.widths import WidthChoice
from nightbeam_training.model.token_scores import MAX_LOGITS


def plan_lines(options: DraftOptions, choice: ShapeChoice) -> Iterator[str]:
    """What will be done, with how much time and memory."""
    target, machine = Size.of(options.target), options.machine
    catalogue = options.prompts.catalogue
    users, held = len(options.histories.users), len(options.held_out.users)
    size = choice.size if options.draft is None else Size.of(options.draft)
    words = choice.shape.words if options.draft is None else "the draft of --continue"
    share = size.weights / target.weights
    held_weights = sum(
        weight.numel() * weight.element_size() for weight in options.target.model.parameters()
    )
    memory = (held_weights + 16 * size.weights + _step_bytes(options)) / 1e9
    items = f"{len(catalogue.item_ids):,} items with {catalogue.trie.levels} codes each"
    yield f"Target      {_million(target.weights)} weights, {target.layers} layers; {items}"
    yield f"Histories   {users:,} users; {held:,} of them are held out, to count calls"
    if options.teacher_logs:
        yield f"Logs        {len(options.teacher_logs):,} files of past nights"
    yield f"Draft       {_million(size.weights)} weights ({share:.0%} of the target's): {words}"
    yield f"Runs        {options.line.words} (--cost)"
    yield f"            {choice.milliseconds:.2f} ms per user expected with the draft, " + (
        f"{choice.plain:.2f} ms with plain search"
    )
    if choice.milliseconds >= choice.plain:
        yield "            note: plain search is faster than any draft there"
    yield f"Time        about {options.minutes:g} minutes on {machine.device} in " + (
        f"{machine.precision}; if it is interrupted, run the same command again"
    )
    yield f"Memory      about {memory:.1f} GB, and the teacher data"


def _step_bytes(options: DraftOptions) -> int:
    """Bytes of a training step, about: its largest tensors are the scores of all nodes."""
    codes = options.prompts.catalogue.trie.codes
    nodes = BATCH * 4 * max(options.beam_widths)
    logits = min(nodes * options.target.model.vocabulary, MAX_LOGITS)
    return 4 * (8 * nodes * codes + 3 * logits)


def result_lines(
    result: DraftResult, options: DraftOptions, places: Mapping[str, Path]
) -> Iterator[str]:
    """What came of it, and the line to type."""
    best, plain = result.best[-1], result.plain[-1]
    yield ""
    yield f"The draft ({_million(result.weights)} weights) is in {options.out}, all figures in its"
    yield "draft.json; the directory work is only needed to continue."
    if best.milliseconds >= plain.milliseconds:
        yield "There, plain search is faster: leave the draft out, or give another --cost."
    if best.nodes > options.nodes:
        yield f"No widths stay within --nodes {options.nodes}: these need the fewest."
    yield f"{best.words}; {plain.calls:.2f} calls, {plain.milliseconds:.2f} ms without a draft:"
    yield ""
    yield "  " + shlex.join(recommend_command(best, options, places))
    for other in result.best[:-1]:
        widths = ",".join(map(str, other.widths))
        yield f"  or, for smaller beams: --beam-width {other.beam_width} --draft-width {widths}"


def recommend_command(
    best: WidthChoice, options: DraftOptions, places: Mapping[str, Path]
) -> list[str]:
    """The `nightbeam recommend` line for this draft."""
    scoring = options.source.scoring
    return [
        *("nightbeam", "recommend", "--target", str(places["target"])),
        *("--draft", str(options.out), "--draft-width", ",".join(map(str, best.widths))),
        *("--beam-width", str(best.beam_width)),
        *(("--scoring", scoring) if scoring != "full" else ()),
        *("--catalogue", str(places["catalogue"]), "--histories", str(places["histories"])),
        *("--out", "lists"),
    ]


def _million(weights: int) -> str:
    return f"{weights / 1e6:,.2f} M"
