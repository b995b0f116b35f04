"""Draws the five nights: training/.venv/bin/python bench/scripts/alignment/plot_nights.py OUT PICTURE"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from matplotlib.figure import Figure


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    logs, picture = Path(sys.argv[1]) / "logs", Path(sys.argv[2])
    calls: dict[int, list[float]] = {}
    for night in range(len(list(logs.glob("night-*-bench.log")))):
        for row in json.loads((logs / f"night-{night}-bench.log").read_text())["rows"]:
            if row["way"] != "plain":
                calls.setdefault(row["beamWidth"], []).append(row["callsPerUser"])
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    panel = figure.subplots()
    for width, points in sorted(calls.items()):
        panel.plot(points, marker="o", label=f"K = {width}")
    panel.axhline(4, color="grey", linestyle=":", label="plain search")
    panel.set(xlabel="nights of --teacher-log", ylabel="target calls per user, unseen users")
    panel.set_ylim(1, 4.2)
    panel.grid(alpha=0.3)
    panel.legend()
    figure.savefig(picture)


if __name__ == "__main__":
    main()
