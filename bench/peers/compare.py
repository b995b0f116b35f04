"""Compares Nightbeam with transformers' generate() on one checkpoint, in turn within one run.

    python compare.py --model DIR --index index.json --histories histories.jsonl [--draft DIR]

Both get the same users, K = 20 beams, float32 and two threads; each round runs every contender
once, and medians over the rounds are compared. Prints a table: users per second, the ratio to plain
generate() (prefix_allowed_tokens_fn) with one user at a time, the usual setup, and the ratio to the
fastest of all setups of generate(). `node make-checkpoints.mjs tiger DIR` writes a T5 of TIGER's
size with random weights:

    --model DIR/tiger --index DIR/items.index.json --histories DIR/histories.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def main() -> None:
    options = parse_arguments()
    with tempfile.TemporaryDirectory() as scratch:
        histories = Path(scratch) / "histories.jsonl"
        lines = options.histories.read_text().splitlines()[: options.users]
        histories.write_text("\n".join(lines) + "\n")
        rates: dict[str, list[float]] = {}
        for round_number in range(options.rounds):
            for name, rate in [
                *generate_rates(options, histories),
                *nightbeam_rates(options, histories),
            ]:
                rates.setdefault(name, []).append(rate)
                print(f"round {round_number + 1}: {name}: {rate:.1f} users/s", file=sys.stderr)
    report(rates)


BASELINE = "generate(), one user at a time"


SETUPS = {
    "one": "one user at a time",
    "equal": "batches of equal length, up to 32",
    "sorted": "padded batches of 32, similar lengths",
}


def generate_rates(options: argparse.Namespace, histories: Path) -> list[tuple[str, float]]:
    """Plain generate() alone and in batches, and the fastest setup of transformers that we
    found."""
    tuned = ["--prefill", "once", "--constraint", "table"]
    return [
        (f"{name}, {SETUPS[mode]}", rate)
        for name, extra in (("generate()", []), ("tuned generate()", tuned))
        for mode, rate in run_generate(
            options, histories, ["--modes", ",".join(SETUPS), *extra]
        ).items()
    ]


def run_generate(
    options: argparse.Namespace, histories: Path, extra: list[str]
) -> dict[str, float]:
    printed = subprocess.run(
        [
            sys.executable,
            str(HERE / "hf_generate.py"),
            "--model",
            str(options.model),
            "--index",
            str(options.index),
            "--histories",
            str(histories),
            "--beams",
            str(options.beams),
            "--users",
            str(options.users),
            *extra,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return rates_of(json.loads(printed))


def rates_of(report: dict[str, object]) -> dict[str, float]:
    modes = report["usersPerSecond"]
    assert isinstance(modes, dict)
    return {str(name): float(rate) for name, rate in modes.items()}


def nightbeam_rates(options: argparse.Namespace, histories: Path) -> list[tuple[str, float]]:
    draft = ["--draft", str(options.draft), "--draft-width", "40"] if options.draft else []
    rows: list[tuple[str, float]] = []
    for scoring in ("full", "renormalized"):
        printed = subprocess.run(
            [
                "npx",
                "nightbeam",
                "bench",
                "--json",
                *("--target", str(options.model), "--catalogue", str(options.index)),
                *("--histories", str(histories), "--limit", str(options.users)),
                *("--beam-width", str(options.beams), "--batch-size", "32"),
                *("--scoring", scoring, "--repeat", "3"),
                *draft,
            ],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        ).stdout
        for row in json.loads(printed)["rows"]:
            name = f"nightbeam {row['way']}, {scoring}, batches of 32"
            rows.append((name, float(row["usersPerSecond"])))
    return [*rows, ("nightbeam recommend --search whole, full", whole_rate(options, histories))]


def whole_rate(options: argparse.Namespace, histories: Path) -> float:
    """A run whose searches are each one run of the model, start-up not counted."""
    with tempfile.TemporaryDirectory() as scratch:
        printed = subprocess.run(
            [
                *("npx", "nightbeam", "recommend", "--search", "whole"),
                *("--target", str(options.model), "--catalogue", str(options.index)),
                *("--histories", str(histories), "--out", f"{scratch}/lists"),
                *("--beam-width", str(options.beams), "--top-k", str(options.beams)),
            ],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        ).stdout
    rate = re.search(r"([\d.,]+) users/s$", printed, re.MULTILINE)
    if rate is None:
        raise ValueError(f"nightbeam recommend printed no rate:\n{printed}")
    return float(rate[1].replace(",", ""))


def report(rates: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(measured) for name, measured in rates.items()}
    base = medians[BASELINE]
    best = max(rate for name, rate in medians.items() if "generate()" in name)
    width = max(map(len, rates))
    for name, rate in medians.items():
        print(f"{name:{width}}  {rate:8.1f} users/s  {rate / base:6.1f} x  {rate / best:6.1f} x")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--draft", type=Path)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--histories", type=Path, required=True)
    parser.add_argument("--beams", type=int, default=20)
    parser.add_argument("--users", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
