"""Learning curves as an image."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def draw_curves(rows: list[dict[str, Any]], picture: Path) -> None:
    """One panel per metric over the epochs; training and validation share the panel of a name.

    rows: of `log.jsonl`, one per epoch.
    """
    # Imported late: matplotlib takes longer to load than everything else together.
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    # After an interruption an epoch may appear twice; the later line counts.
    by_epoch = {row["epoch"]: row for row in rows}
    epochs = sorted(by_epoch)
    names = list(dict.fromkeys(name for part in ("train", "validation") for name in rows[-1][part]))
    figure = Figure(figsize=(4 * len(names), 3.2), layout="constrained")
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for panel, name in zip(panels, names, strict=True):
        for part in ("train", "validation"):
            points = [(epoch, by_epoch[epoch][part].get(name)) for epoch in epochs]
            shown = [(epoch, value) for epoch, value in points if value is not None]
            if shown:
                panel.plot(*zip(*shown, strict=True), marker=".", label=part)
        panel.set_title(name)
        panel.set_xlabel("epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(alpha=0.3)
        panel.legend()
    figure.savefig(picture, dpi=110)
