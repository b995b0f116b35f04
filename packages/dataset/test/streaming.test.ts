import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { useTempDirs } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { readHistories } from "../src/histories/read-histories.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();
const ROWS = 300_000;
/** The files unfold to several times this; streams hold a few reads. Bytes. */
const GROWTH = 150 * 2 ** 20;

/** Reads a file to its end and returns the number of rows and how much the process grew meanwhile. */
async function readThrough(path: string): Promise<{ rows: number; growth: number }> {
  const before = process.memoryUsage().rss;
  let peak = before;
  let rows = 0;
  for await (const chunk of readHistories({ path, duckdb: { memoryLimit: "200MB" } })) {
    rows += chunk.length;
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  return { rows, growth: peak - before };
}

it("holds a few reads of a JSONL file of any length", async () => {
  const path = join(tempDir(), "h.jsonl");
  const file = openSync(path, "w");
  const items = Array.from({ length: 20 }, (_, place) => `some item ${place}`);
  for (let first = 0; first < ROWS; first += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, place) =>
      JSON.stringify({ user: `user ${first + place}`, history: items }),
    );
    writeSync(file, `${lines.join("\n")}\n`);
  }
  closeSync(file);
  const { rows, growth } = await readThrough(path);
  expect(rows).toBe(ROWS);
  expect(growth).toBeLessThan(GROWTH);
});

it("holds a few batches of a Parquet file", async () => {
  const path = join(tempDir(), "h.parquet");
  const list = "list_transform(range(20), lambda k: 'item ' || (i * 7 + k * 13) % 9999)";
  const query = `SELECT i AS "user", ${list} AS history FROM range(${ROWS}) t(i)`;
  await runSql(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  const { rows, growth } = await readThrough(path);
  expect(rows).toBe(ROWS);
  expect(growth).toBeLessThan(GROWTH);
});
