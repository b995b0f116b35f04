"""The folder of a run's parts is one table for the readers of data frames."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
USERS = 5
ITEMS = 2

# Two parts with rejected rows, and another process's leftovers; written by the package itself.
SCRIPT = """
import { openRun } from "@nightbeam/run";
const [dir, layout] = process.argv.slice(1);
const plan = { format: "parquet", partSize: 3, firstRow: 0, arguments: {}, versions: {} };
const run = await openRun({ dir, plan: layout === "flat" ? { ...plan, layout } : plan });
for (const [index, users] of [["a", "b"], ["c", "d", "e"]].entries()) {
  const reject = { row: 0, reason: "empty_history", detail: "no items" };
  const rejected = users.length < 3 ? [reject] : [];
  const item = (item) => ({ item, score: -1.5, logProb: -1.5, codes: [1, 2] });
  const recommendations = users.map((user) => ({ user, items: [item("x"), item("y")] }));
  await run.commitPart({ index, rowCount: 3, recommendations, rejected, stats: {} });
}
await run.finish();
await run.close();
"""


@pytest.fixture(scope="module", params=["nested", "flat"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    node = shutil.which("node")
    if node is None or not (ROOT / "packages/run/dist/index.js").exists():
        pytest.skip("needs Node.js and a build: npm run setup")
    directory: Path = tmp_path_factory.mktemp("runs") / request.param
    command = [node, "--input-type=module", "-e", SCRIPT, str(directory), request.param]
    subprocess.run(command, cwd=ROOT, check=True)
    return directory


def reader(name: str) -> Any:
    """The library, or a skipped test: none of them is needed for anything else."""
    needed = "pip install pandas pyarrow polars duckdb"
    return pytest.importorskip(name, reason=f"there is no {name} here: {needed}")


def rows_of(run: Path) -> int:
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["rejected"] == 1
    return USERS * ITEMS if manifest["layout"] == "flat" else USERS


def test_pandas_reads_the_folder(run: Path) -> None:
    reader("pyarrow")
    pandas = reader("pandas")
    assert len(pandas.read_parquet(run / "parts")) == rows_of(run)


def test_pyarrow_reads_the_folder(run: Path) -> None:
    dataset = reader("pyarrow.dataset")
    assert dataset.dataset(run / "parts", format="parquet").count_rows() == rows_of(run)


def test_polars_reads_the_folder(run: Path) -> None:
    polars = reader("polars")
    frame = polars.read_parquet(run / "parts")
    assert frame.height == rows_of(run)
    nested = "items" in frame.columns
    flat = frame.explode("items").unnest("items") if nested else frame
    assert flat.columns == ["user", "rank", "item", "score", "log_prob", "codes"]
    assert flat["rank"].to_list() == [1, 2] * USERS


def test_duckdb_reads_the_folder(run: Path) -> None:
    duckdb = reader("duckdb")
    query = f"SELECT count(*) FROM '{run}/parts/*.parquet'"
    assert duckdb.sql(query).fetchall() == [(rows_of(run),)]
