"""The table of objectives: every row from the same draft, on the same batches, with several seeds.

    python bench/scripts/alignment/table OUT --data DIR [--catalogue FILE] [--target DIR]
        [--budget paper] [--seeds 0,1,2] [--rows "NAME;NAME"] [--device cuda] [--processes 6]
        [--test-users N] [--minutes N]
    python bench/scripts/alignment/table OUT --tables [--budget paper]

--data is what `nightbeam import`, beauty-files.mjs or lc-rec-files.mjs write: users to learn from
in train.jsonl, and others to test with in histories.jsonl. A catalogue or a target that is not
given is made. --budget: `paper` has the published settings, up to 20 epochs of batches of 256 with
early stopping; `steps` three epochs of batches of 64; `rehearsal` almost nothing. --test-users
evaluates on the first ones alone. A run whose result exists is left out, so the command can be
repeated, and continues; no run starts after --minutes. --tables prints OUT's results as Markdown.
"""

from __future__ import annotations

import argparse
import queue
import sys
from multiprocessing import get_context
from pathlib import Path

from nightbeam_training.cli.main import commands

from rows import BUDGETS, ROWS, Place, Row
from run import work
from tables import print_tables


def main() -> None:
    given = parser().parse_args()
    place = Place(
        out=given.out,
        catalogue=given.catalogue or given.out / "items.index.json",
        target=given.target or given.out / "target",
        budget=given.budget,
        device=given.device,
        test_users=given.test_users,
    )
    if given.tables:
        print_tables(place)
        return
    if given.data is None:
        sys.exit("--data is missing")
    prepare(place, given.data)
    names = None if given.rows is None else given.rows.split(";")
    rows = [row for row in ROWS if names is None or row.name in names]
    seeds = [int(seed) for seed in given.seeds.split(",")]
    waiting = [
        (row, seed) for seed in seeds for row in rows if not place.result(row, seed).exists()
    ]
    run_all(place, waiting, count=given.processes, minutes=given.minutes)
    print_tables(place)


def run_all(place: Place, waiting: list[tuple[Row, int]], *, count: int, minutes: float) -> None:
    if count == 1:
        jobs: queue.Queue[tuple[Row, int]] = queue.Queue()
        for job in waiting:
            jobs.put(job)
        work(place, jobs, minutes)
        return
    spawn = get_context("spawn")
    shared = spawn.Queue()
    for job in waiting:
        shared.put(job)
    workers = [
        spawn.Process(target=work, args=(place, shared, minutes))
        for _ in range(min(count, len(waiting)))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        sys.exit("a process ended with an error")


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser()
    found.add_argument("out", type=Path)
    found.add_argument("--data", type=Path)
    found.add_argument("--catalogue", type=Path)
    found.add_argument("--target", type=Path)
    found.add_argument("--budget", choices=BUDGETS, default="paper")
    found.add_argument("--seeds", default="0,1,2")
    found.add_argument("--device", default="auto")
    found.add_argument("--processes", type=int, default=1)
    found.add_argument("--rows", help="names with semicolons; default: all")
    found.add_argument("--test-users", type=int)
    found.add_argument("--minutes", type=float, default=1e9, help="no run starts after these")
    found.add_argument("--tables", action="store_true", help="only print the tables")
    return found


def prepare(place: Place, data: Path) -> None:
    """The files that all runs share; what exists is kept."""
    place.out.mkdir(parents=True, exist_ok=True)
    histories, test = data / "train.jsonl", data / "histories.jsonl"
    if not place.catalogue.exists():
        items = data / "items.jsonl"
        known = ["--items", items] if items.exists() else []
        train("codes", "--histories", histories, *known, "--out", place.catalogue)
    given = ["--catalogue", place.catalogue, "--device", place.device]
    model = ["target", "--preset", "small", "--histories", histories, *given]
    model += BUDGETS[place.budget].model
    if not (place.target / "config.json").exists():
        train(*model, "--out", place.target)
    small = ["--layers", 2, "--width", 96, "--heads", 3, "--feed-forward", 256]
    if not (place.begin / "config.json").exists():
        train(*model, *small, "--out", place.begin)
    answers = ["teacher", "--target", place.target, *given, "--batch-size", 256]
    answers += ["--shard-size", 8192]
    train(*answers, "--histories", histories, "--ask", "last", "--out", place.lessons)
    train(*answers, "--histories", test, "--ask", "whole", "--out", place.test)


def train(*words: object) -> None:
    print(f"$ nightbeam-train {' '.join(map(str, words))}", flush=True)
    commands.main([str(word) for word in words], standalone_mode=False)


if __name__ == "__main__":
    main()
