"""A T5 of TIGER's size and a LLaMA of the same size on one dataset, measured and compared.

    training/.venv/bin/python bench/scripts/training/tiger.py \
        --data ../shared/data/instruments --out DIR [--examples 400000] [--windows 300000]

Leave-one-out: the last item of every user is predicted, the one before selects the epoch, the rest
is trained on. Trains both targets, prints the CPU time of each, and Recall and NDCG of both beside
those of the most popular items; makes a draft for the T5 with `nightbeam-train draft`, and prints
its calls per user; and measures the lists of `nightbeam recommend` with that draft for all users.
A step whose log is complete is skipped, so it can be run again after an interruption.

The defaults take two cores about 45 minutes per target. --data has `Instruments.index.json` and
`Instruments.inter.json` as LC-Rec publishes them.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from steps import NIGHTBEAM, TRAIN, step

T5 = [
    *("--architecture", "t5", "--layers", 4, "--width", 128, "--heads", 6, "--head-width", 64),
    *("--feed-forward", 1024, "--dropout", 0, "--next-items", 5, "--batch-size", 64),
    *("--learning-rate", 1.5e-3, "--weight-decay", 0.05, "--warmup-steps", 150),
]
"""TIGER's own shape: 4.6 M weights."""
LLAMA = [
    *("--layers", 5, "--width", 256, "--heads", 4, "--feed-forward", 768, "--batch-size", 32),
    *("--learning-rate", 1.2e-3, "--warmup-steps", 100),
]
"""4.8 M weights."""
VALIDATED = 500
BEAMS = 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--examples", type=int, default=400_000, help="Prompts and answers that the T5 learns."
    )
    parser.add_argument(
        "--windows", type=int, default=300_000, help="Histories that the LLaMA learns, all codes."
    )
    parser.add_argument("--epochs", type=int, default=20, help="Of each target, to choose from.")
    parser.add_argument("--minutes", type=float, default=20, help="For the draft.")
    parser.add_argument("--users", type=int, help="That are measured. Default: all.")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    out, epochs = given.out, given.epochs
    out.mkdir(parents=True, exist_ok=True)
    write_files(given.data, out, given.users)
    catalogue = ["--catalogue", out / "items.index.json"]
    threads = ["--threads", given.threads]
    for name, shape, examples in (
        ("t5", T5, given.examples),
        ("llama", LLAMA, given.windows),
    ):
        step(
            *(out, f"1-{name}", *TRAIN, "target", *shape, *catalogue, "--out", out / name),
            *("--histories", out / "histories.jsonl", "--hold-back", "items"),
            *("--validation", VALIDATED, "--patience", 0, "--epochs", epochs),
            *("--epoch-size", examples // epochs, *threads),
        )
    measured = ["recall", "--target", out / "t5", "--target", out / "llama", *catalogue]
    step(
        *(out, "2-recall", *TRAIN, *measured, "--histories", out / "whole.jsonl"),
        *("--beam-width", BEAMS, *threads),
    )
    step(
        *(out, "3-draft", *TRAIN, "draft", "--target", out / "t5", *catalogue, "--out"),
        *(out / "draft", "--histories", out / "histories.jsonl", "--cost", "cpu"),
        *("--beam-width", "10,20", "--minutes", given.minutes, *threads),
        tail=16,
    )
    asked = [*catalogue, "--histories", out / "asked.jsonl"]
    run = ["recommend", "--target", out / "t5", *asked, "--beam-width", BEAMS, "--top-k", 10]
    # A fixed width: for a target as small as this one, no draft is worth its time.
    drafted = ["--draft", out / "draft", "--draft-width", 40, "--out", out / "drafted"]
    step(out, "4-recommend", *NIGHTBEAM, *run, *drafted)
    lists = ["evaluate", "--recommendations", out / "drafted", "--held-out", out / "next.jsonl"]
    step(out, "5-evaluate", *NIGHTBEAM, *lists)
    bench = ["bench", "--target", out / "t5", "--draft", out / "draft", *asked]
    step(out, "6-calls", *NIGHTBEAM, *bench, "--beam-width", "10,20")


def write_files(data: Path, out: Path, users: int | None) -> None:
    """`histories.jsonl` for training and a draft, without the last items; `whole.jsonl` with them,
    `asked.jsonl` and `next.jsonl` for the users that are measured."""
    shutil.copyfile(data / "Instruments.index.json", out / "items.index.json")
    taken = json.loads((data / "Instruments.inter.json").read_text())
    rows = [(user, [str(item) for item in items]) for user, items in taken.items()]
    measured = rows[:users]
    for name, chosen in (
        ("histories", [(user, items[:-1]) for user, items in rows]),
        ("whole", measured),
        ("asked", [(user, items[:-1]) for user, items in measured]),
        ("next", [(user, items[-1:]) for user, items in measured]),
    ):
        lines = [json.dumps({"user": user, "history": items}) + "\n" for user, items in chosen]
        (out / f"{name}.jsonl").write_text("".join(lines))


main()
