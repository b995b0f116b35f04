"""The results as Markdown: means with standard errors, and differences paired by user."""

from __future__ import annotations

import json

import numpy as np

from rows import ROWS, Place
from run import BEAM_WIDTHS


def print_tables(place: Place) -> None:
    """Means over users and seeds with standard errors, and differences to SeqKD paired by user."""
    found: dict[str, list[dict[int, dict[str, list[int]]]]] = {}
    for path in sorted((place.out / "results" / place.budget).glob("*.json")):
        one = json.loads(path.read_text())
        found.setdefault(one["row"], []).append(
            {int(width): figures for width, figures in one["perUser"].items()}
        )
    heading = " | ".join(f"K = {width}" for width in BEAM_WIDTHS)
    for name, title in (
        ("accepted_steps", "Accepted steps of the first call"),
        ("calls", "Calls per user"),
    ):
        print(f"\n{title}; ± the standard error over seeds\n")
        print(
            f"| objective | seeds | {heading} | mean |\n|---|---|{'---|' * (len(BEAM_WIDTHS) + 1)}"
        )
        for row in (row.name for row in ROWS if row.name in found):
            means = np.array(
                [[np.mean(one[width][name]) for width in BEAM_WIDTHS] for one in found[row]]
            )
            print(f"| {row} | {len(means)} | {cells(np.c_[means, means.mean(axis=1)])} |")
    for against in ("seq-kd", "seq-kd, all tokens"):
        if against not in found:
            continue
        print(
            f"\nAccepted steps more than {against}, paired by user; "
            "± the standard error over users\n"
        )
        print(f"| objective | {heading} |\n|---|{'---|' * len(BEAM_WIDTHS)}")
        base = mean_over_seeds(found[against])
        for row in (row.name for row in ROWS if row.name in found and row.name != against):
            gain = mean_over_seeds(found[row]) - base
            error = gain.std(axis=0, ddof=1) / np.sqrt(len(gain))
            each = (
                f"{mean:+.2f} ± {one:.2f}"
                for mean, one in zip(gain.mean(axis=0), error, strict=True)
            )
            print(f"| {row} | {' | '.join(each)} |")


def mean_over_seeds(runs: list[dict[int, dict[str, list[int]]]]) -> np.ndarray:
    """Accepted steps of every user at every beam width: [users, widths]."""
    return np.mean(
        [[one[width]["accepted_steps"] for width in BEAM_WIDTHS] for one in runs], axis=0
    ).T


def cells(values: np.ndarray) -> str:
    """values: [seeds, columns]"""
    means = values.mean(axis=0)
    if len(values) == 1:
        return " | ".join(f"{mean:.2f}" for mean in means)
    errors = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return " | ".join(
        f"{mean:.2f} ± {error:.2f}" for mean, error in zip(means, errors, strict=True)
    )
