"""Which draft to take: time per user for each draft of best-draft.py, by cost line.

    PYTHONPATH=training python3 bench/scripts/training/which-draft.py results.jsonl \
        [--layers 6 --weights 5.6e6] [--as-layers 32 --as-weights 7e9]

--layers and --weights are the target's. With --as-layers and --as-weights, for a target of that
size and drafts of the same share of it, as if they proposed as well. Times are computed, by the
cost lines of `nightbeam-train draft`: nightbeam_training/draft/cost.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from nightbeam_training.draft.cost import COST_LINES, Size, Work, milliseconds

PROMPT = 81
LEVELS = 4


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("results", type=Path)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--weights", type=float, default=5.6e6)
    parser.add_argument("--as-layers", type=int)
    parser.add_argument("--as-weights", type=float)
    given = parser.parse_args()
    layers, weights = given.as_layers or given.layers, given.as_weights or given.weights
    target = Size(layers=layers, weights=int(weights))
    rows = [json.loads(line) for line in given.results.read_text().splitlines()]
    rows = [row for row in rows if row["kind"] == "test"]
    print(f"target: {layers} layers, {weights:,.0f} weights; milliseconds per user, computed\n")
    for beam_width in sorted({row["beamWidth"] for row in rows}):
        drafts: dict[str, list[dict[str, object]]] = {}
        for row in rows:
            if row["beamWidth"] == beam_width:
                drafts.setdefault(row["job"], []).append(row)
        print(f"K = {beam_width}: {' | '.join(COST_LINES)}")
        plain = Work(prompt=PROMPT, calls=LEVELS, nodes=1 + beam_width * (LEVELS - 1), widths=())
        cells = [
            milliseconds(line, plain, target=target, draft=None) for line in COST_LINES.values()
        ]
        print(f"  {'without a draft':44} {' | '.join(f'{cell:8.2f}' for cell in cells)}")
        for name, measured in drafts.items():
            share = measured[0]["weights"] / given.weights
            size = Size(
                layers=max(1, round(measured[0]["layers"] * layers / given.layers)),
                weights=int(share * weights),
            )
            found = []
            for line in COST_LINES.values():
                times = {
                    milliseconds(
                        line,
                        Work(
                            prompt=PROMPT,
                            calls=row["calls"],
                            nodes=row["nodes"],
                            widths=tuple(row["widths"]),
                        ),
                        target=target,
                        draft=size,
                    ): "/".join(map(str, row["widths"]))
                    for row in measured
                }
                best = min(times)
                found.append(f"{best:8.2f} ({times[best]})")
            print(
                f"  {name:16} {share:4.0%}, {size.weights / 1e6:10,.2f} M      {' | '.join(found)}"
            )
        print()


if __name__ == "__main__":
    main()
