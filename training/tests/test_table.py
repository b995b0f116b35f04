"""The table of objectives on data as their owners publish them: made-up files of the same form."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "services" / "cli" / "dist" / "main.js"
USERS, ITEMS = 70, 60


def events() -> Iterator[tuple[int, int, int]]:
    """(user, item, time): every user goes on to near items."""
    rng = np.random.default_rng(0)
    for user in range(1, USERS + 1):
        item = int(rng.integers(ITEMS))
        for step in range(int(rng.integers(6, 14))):
            item = (item + int(rng.integers(1, 4))) % ITEMS
            yield user, item, 1_000_000_000 + 1000 * step + user


def movielens(folder: Path) -> list[object]:
    """ratings.dat and movies.dat, as in MovieLens-1M."""
    ratings = "".join(f"{user}::{item + 1}::5::{time}\n" for user, item, time in events())
    movies = "".join(f"{item + 1}::Film {item} (1999)::Comedy|Drama\n" for item in range(ITEMS))
    (folder / "ratings.dat").write_text(ratings)
    (folder / "movies.dat").write_text(movies)
    return ["movielens", "--data", folder]


def goodreads(folder: Path) -> list[object]:
    """Interactions as in the UCSD Book Graph."""
    path = folder / "goodreads_interactions_poetry.json"
    rows = (
        {
            "user_id": f"u{user}",
            "book_id": f"{item}",
            "is_read": True,
            "rating": 5,
            "date_added": date,
            "date_updated": date,
        }
        for user, item, time in events()
        for date in [datetime.fromtimestamp(time, tz=UTC).strftime("%a %b %d %H:%M:%S %z %Y")]
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return ["goodreads", "--interactions", path]


@pytest.mark.parametrize("made_up", [movielens, goodreads])
def test_runs_on_what_nightbeam_import_writes(
    made_up: Callable[[Path], list[object]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    node = shutil.which("node")
    if node is None or not CLI.exists():
        pytest.skip("needs node and a built workspace: npm run build")
    data, out = tmp_path / "data", tmp_path / "out"
    imported = [node, CLI, "import", *made_up(tmp_path), "--out", data]
    imported += ["--core", "0", "--split", "6:2:2"]
    subprocess.run(list(map(str, imported)), capture_output=True, check=True)

    def table(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["table", str(out), *map(str, words)])
        runpy.run_path(str(ROOT / "bench" / "scripts" / "alignment" / "table"), run_name="__main__")
        return capsys.readouterr().out

    rehearsal = ["--budget", "rehearsal"]
    printed = table("--data", data, *rehearsal, "--seeds", 0, "--rows", "seq-kd", "--device", "cpu")
    assert "seq-kd, seed 0" in printed
    row = next(line for line in printed.splitlines() if line.startswith("| seq-kd | 1 |"))
    assert all(0 <= float(cell) <= 3 for cell in row.split("|")[3:8])
    # A result is kept.
    assert row in table("--tables", *rehearsal)
