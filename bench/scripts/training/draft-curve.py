"""Tables of docs/results/drafts.md from the results of best-draft.py.

    PYTHONPATH=training python3 bench/scripts/training/draft-curve.py results.jsonl --target DIR \
        --prompt TOKENS

Calls and nodes of every draft at every number of drafted nodes, and for each cost line of
`nightbeam-train draft --cost` the milliseconds per user of each draft with its best widths.
--prompt: mean length of the test users' prompts.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from nightbeam_training.draft.cost import COST_LINES, CostLine, Size, Work, milliseconds
from nightbeam_training.model.checkpoint import load_checkpoint

Row = dict[str, object]
LEVELS, MAX_NODES = 4, 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--prompt", type=float, required=True)
    given = parser.parse_args()
    target = Size.of(load_checkpoint(given.target))
    rows = [json.loads(line) for line in given.results.read_text().splitlines()]
    tests = [row for row in rows if row["kind"] == "test"]
    jobs = list(dict.fromkeys(row["job"] for row in tests))
    for beam_width in (10, 20):
        print(f"\n**K = {beam_width}**, calls / nodes per user (widths)\n")
        print("\n".join(curve([row for row in tests if row["beamWidth"] == beam_width], jobs)))
    for beam_width in (10, 20):
        print(f"\n**K = {beam_width}**, ms per user: calls / nodes\n")
        chosen = [row for row in tests if row["beamWidth"] == beam_width]
        print("\n".join(costs(chosen, jobs, target=target, prompt=given.prompt)))


def table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join(' --- ' for _ in header)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def curve(rows: list[Row], jobs: list[str]) -> Iterator[str]:
    totals = sorted({sum(row["widths"]) for row in rows})
    lines = []
    for job in jobs:
        mine = {tuple(row["widths"]): row for row in rows if row["job"] == job}
        cells = []
        for total in totals:
            # Widths of 40 each and chosen ones may have the same sum: the chosen ones are last.
            found = [row for widths, row in mine.items() if sum(widths) == total]
            cells.append(figures(found[-1]) if found else "")
        lines.append([job, f"{rows_of(rows, job)['weights'] / 1e6:.2f} M", *cells])
    return table(["draft", "weights", *map(str, totals)], lines)


def rows_of(rows: list[Row], job: str) -> Row:
    return next(row for row in rows if row["job"] == job)


def figures(row: Row) -> str:
    return f"{row['calls']:.3f} / {row['nodes']:.1f} ({'/'.join(map(str, row['widths']))})"


def costs(rows: list[Row], jobs: list[str], *, target: Size, prompt: float) -> Iterator[str]:
    beam_width = int(rows[0]["beamWidth"])
    plain = Work(prompt=prompt, calls=LEVELS, nodes=beam_width * (LEVELS - 1), widths=())
    lines = [
        [
            "plain search",
            *(f"{milliseconds(line, plain, target=target, draft=None):.2f}" for line in lines_of()),
        ]
    ]
    for job in jobs:
        own = [row for row in rows if row["job"] == job]
        mine = [row for row in own if row["nodes"] <= MAX_NODES] or own[-1:]
        cells = []
        for line in lines_of():
            cost, row = min(
                ((cost_of(line, row, target=target, prompt=prompt), row) for row in mine),
                key=lambda one: one[0],
            )
            cells.append(f"{cost:.2f}: {row['calls']:.2f} / {row['nodes']:.0f}")
        lines.append([job, *cells])
    return table(["draft", *COST_LINES], lines)


def lines_of() -> list[CostLine]:
    return list(COST_LINES.values())


def cost_of(line: CostLine, row: Row, *, target: Size, prompt: float) -> float:
    work = Work(prompt=prompt, calls=row["calls"], nodes=row["nodes"], widths=tuple(row["widths"]))
    draft = Size(layers=row["layers"], weights=row["weights"])
    return milliseconds(line, work, target=target, draft=draft)


if __name__ == "__main__":
    main()
