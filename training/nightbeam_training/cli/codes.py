"""`nightbeam-train codes`: assigns a code path to every item."""

from __future__ import annotations

from pathlib import Path

import click

from nightbeam_training.cli.options import FILE, NEW_FILE
from nightbeam_training.codes.cooccurrence import CooccurrenceOptions
from nightbeam_training.codes.make_codes import CodesOptions, CodesReport, make_codes
from nightbeam_training.errors import TrainingError


@click.command(short_help="Assign a code path to every item.")
@click.option(
    "--vectors",
    type=FILE,
    help="Item vectors: .npz with item_ids [items] and vectors [items, width], or lines of "
    '{"item": "12", "vector": [0.1, …]}.',
)
@click.option(
    "--histories",
    type=FILE,
    help="Instead of --vectors: learn them from items that occur near each other, in lines  "
    'of {"user": "u1", "history": ["0", "7"]}, oldest first.',
)
@click.option(
    "--items",
    type=FILE,
    help='With --histories: all items, in lines of {"item": "12", "category": ["general", '
    '"special"]}. Rare and unseen items are placed near their category.',
)
@click.option(
    "--out", type=NEW_FILE, required=True, help="The index file to write, such as items.index.json."
)
@click.option("--levels", type=int, help="Codes per item.  [default: 4]")
@click.option(
    "--codes-per-level",
    default="256",
    show_default=True,
    metavar="N[,N…]",
    help="Maximum codes per level: one number for all levels, or one per level. A prefix "
    "uses fewer if its items would not fill the levels below.",
)
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same codes.")
@click.option("--vectors-out", type=NEW_FILE, help="With --histories: file for the vectors, .npz.")
@click.option(
    "--width", default=64, show_default=True, help="Width of the vectors learned from histories."
)
@click.option(
    "--window",
    default=5,
    show_default=True,
    help="Maximum distance in a history of items that count as near.",
)
@click.option(
    "--shift",
    default=1.0,
    show_default=True,
    help="Above 1: ignore pairs that are less than this many times as frequent as by chance.",
)
@click.option(
    "--category-weight",
    default=10.0,
    show_default=True,
    help="Number of events at which an item's own vector has the same weight as its category's.",
)
def codes(
    vectors: Path | None,
    histories: Path | None,
    items: Path | None,
    out: Path,
    levels: int | None,
    codes_per_level: str,
    seed: int,
    vectors_out: Path | None,
    width: int,
    window: int,
    shift: float,
    category_weight: float,
) -> None:
    """Assign a code path to every item, by k-means per level: similar items share a prefix.

    The vectors are your own (--vectors) or learned from --histories.
    """
    options = CodesOptions(
        out=out,
        vectors=vectors,
        histories=histories,
        items=items,
        vectors_out=vectors_out,
        codes_per_level=parse_codes_per_level(codes_per_level, levels),
        seed=seed,
        cooccurrence=CooccurrenceOptions(width=width, window=window, shift=shift),
        category_weight=category_weight,
    )
    for line in report_lines(make_codes(options), options):
        click.echo(line)


def parse_codes_per_level(text: str, levels: int | None) -> tuple[int, ...]:
    """Maximum codes of each level, from `256` or `16,32,64`.

    Raises TrainingError BAD_OPTION if these are not numbers, or not as many as levels.
    """
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise TrainingError(
            "BAD_OPTION", f"--codes-per-level {text}: expected one number, or one per level"
        ) from error
    if len(numbers) == 1:
        return numbers * (4 if levels is None else levels)
    if levels is not None and levels != len(numbers):
        raise TrainingError(
            "BAD_OPTION", f"--codes-per-level {text}: {len(numbers)} numbers for {levels} levels"
        )
    return numbers


def report_lines(report: CodesReport, options: CodesOptions) -> list[str]:
    """Lines that summarise the codes."""
    fit = report.fit
    lines = [f"{report.items:,} items, vectors of width {report.width}"]
    for number, (level, wide) in enumerate(zip(fit.levels, options.codes_per_level, strict=True)):
        lines.append(
            f"level {chr(ord('a') + number)}: {level.codes_used} of {wide} codes used, "
            f"{level.prefixes:,} prefixes, {level.explained:.1%} of the variance explained"
            + (f"; {level.single:,} prefixes above have a single code" if level.single else "")
        )
    if fit.shared_paths:
        lines.append(f"{fit.items_sharing:,} items share {fit.shared_paths:,} paths")
    else:
        lines.append("every item has its own path")
    if options.vectors_out is not None:
        lines.append(f"vectors in {options.vectors_out}")
    lines.append(f"codes in {options.out}")
    return lines
