import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { all, put, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countHistories, readHistories } from "../src/histories/read-histories.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();

/** Writes the answer of a query as Parquet. */
async function parquet(dir: string, query: string, options = ""): Promise<string> {
  const path = join(dir, "data.parquet");
  await runSql(`COPY (${query}) TO '${path}' (FORMAT parquet ${options})`);
  return path;
}

describe("Parquet histories", () => {
  it("reads lists of texts and of numbers beyond 2^53, and rejects nulls", async () => {
    const path = await parquet(
      tempDir(),
      `SELECT * FROM (VALUES (1::BIGINT, [9007199254740993::BIGINT]), (NULL, [1]), (3, NULL),
       (4, []), (5, [1, NULL])) t("user", history)`,
    );
    expect(await all(readHistories({ path }))).toEqual([
      { kind: "history", row: 0, user: "1", items: ["9007199254740993"] },
      { kind: "rejected", row: 1, reason: "malformed_row", detail: "row 1: the user is missing" },
      expect.objectContaining({ row: 2, user: "3", reason: "empty_history" }),
      expect.objectContaining({ row: 3, user: "4", reason: "empty_history" }),
      expect.objectContaining({ row: 4, user: "5", reason: "malformed_row" }),
    ]);
    expect(await countHistories({ path })).toBe(5);
  });

  it("keeps the order of the file across row groups and threads, from any offset", async () => {
    const query = "SELECT 'u' || i AS \"user\", ['i' || i] AS history FROM range(30000) t(i)";
    const path = await parquet(tempDir(), query, ", ROW_GROUP_SIZE 2048");
    const duckdb = { threads: 4 };
    const rows = await all(readHistories({ path, duckdb }));
    expect(rows.map((row) => row.user)).toEqual(Array.from({ length: 30_000 }, (_, i) => `u${i}`));
    const some = await all(readHistories({ path, duckdb, offset: 12_345, limit: 6_000 }));
    expect(some).toEqual(rows.slice(12_345, 18_345));
  });

  it("refuses columns that cannot hold ids", async () => {
    const truth = await parquet(tempDir(), 'SELECT true AS "user", [1] AS history');
    await expect(all(readHistories({ path: truth }))).rejects.toMatchObject({
      code: "COLUMN_TYPE",
      message: expect.stringContaining('column "user" is BOOLEAN'),
    });
    const number = await parquet(tempDir(), 'SELECT 1 AS "user", 2 AS history');
    await expect(all(readHistories({ path: number }))).rejects.toMatchObject({
      code: "COLUMN_TYPE",
    });
  });

  it("takes a path with quotes and wildcards literally", async () => {
    const dir = tempDir();
    const path = join(dir, "it's [1]*.parquet");
    const text = path.replaceAll("'", "''");
    await runSql(`COPY (SELECT 'u' AS "user", ['i'] AS history) TO '${text}' (FORMAT parquet)`);
    expect(await all(readHistories({ path }))).toHaveLength(1);
  });

  it("that is damaged on the way is an error, not a shorter file", async () => {
    const query =
      'SELECT i AS "user", [hash(i)::VARCHAR, hash(-i)::VARCHAR] AS history FROM range(60000) t(i)';
    const path = await parquet(tempDir(), query, ", ROW_GROUP_SIZE 4096");
    const bytes = readFileSync(path);
    const middle = bytes.length >> 1;
    writeFileSync(path, bytes.fill(7, middle, middle + 20_000));
    await expect(all(readHistories({ path }))).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringContaining("stopped early"),
    });
  });

  it("closes DuckDB when the reader stops early", async () => {
    const temp = tempDir();
    const query = 'SELECT i AS "user", [i] AS history FROM range(50000) t(i)';
    const path = await parquet(tempDir(), query);
    for await (const rows of readHistories({ path, duckdb: { tempDirectory: temp } })) {
      expect(rows.length).toBeGreaterThan(0);
      break;
    }
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe("events", () => {
  const csv = [
    "user,item,time",
    "u2,a,5",
    "u1,b,2",
    "u1,c,1",
    "u2,d,5",
    ",x,1",
    "u1,y,soon",
    "broken",
    "u10,e,-1e3",
  ].join("\n");

  it("become a row per user, by user id; items by time, ties in file order; rejects last", async () => {
    const path = put(tempDir(), "e.csv", csv);
    const rows = await all(readHistories({ path }));
    expect(rows).toEqual([
      { kind: "history", row: 0, user: "u1", items: ["c", "b"] },
      { kind: "history", row: 1, user: "u10", items: ["e"] },
      { kind: "history", row: 2, user: "u2", items: ["a", "d"] },
      expect.objectContaining({ row: 3, detail: "line 6: user is empty" }),
      expect.objectContaining({
        row: 4,
        user: "u1",
        detail: 'line 7: time "soon" is not a number',
      }),
      expect.objectContaining({ row: 5, detail: "line 8: 1 fields, but the header names 3" }),
    ]);
    expect(await countHistories({ path })).toBe(6);
    expect(await all(readHistories({ path, offset: 2, limit: 2 }))).toEqual(rows.slice(2, 4));
  });

  it("order by dates with offsets and microseconds", async () => {
    const times = [
      ["a", "2024-03-01T12:00:00.000002Z"],
      ["b", "2024-03-01T12:00:00.000001Z"],
      ["c", "2024-03-01T13:30:00+02:00"],
      ["d", "2024-02-29"],
      ["no such day", "2024-02-30"],
      ["a number", 17],
    ] as const;
    const lines = times.map(([item, time]) => JSON.stringify({ user: "u", item, time }));
    const [user, ...rejected] = await all(
      readHistories({ path: put(tempDir(), "e.jsonl", lines.join("\n")) }),
    );
    expect(user).toMatchObject({ items: ["d", "c", "b", "a"] });
    expect(rejected).toHaveLength(2);
  });

  it("are the same from Parquet as from text", async () => {
    const dir = tempDir();
    const event = fc.record({
      user: fc.constantFrom("u", "v", "w10", "w9", "é"),
      item: fc.constantFrom("a", "b", "c"),
      time: fc.integer({ min: -3, max: 3 }),
    });
    const property = fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 60 }),
      async (events) => {
        const text = put(dir, "e.jsonl", events.map((one) => JSON.stringify(one)).join("\n"));
        const path = await parquet(dir, `SELECT "user", item, "time" FROM read_json('${text}')`);
        const rows = await all(readHistories({ path }));
        expect(await all(readHistories({ path: text }))).toEqual(rows);
        const byUser = new Map<string, typeof events>();
        for (const one of events) byUser.set(one.user, [...(byUser.get(one.user) ?? []), one]);
        expect(
          new Map(rows.map((row) => [row.user, row.kind === "history" ? row.items : []])),
        ).toEqual(
          new Map(
            [...byUser].map(([user, own]) => [
              user,
              own.toSorted((x, y) => x.time - y.time).map((one) => one.item),
            ]),
          ),
        );
      },
    );
    await fc.assert(property, { numRuns: 15 });
  });

  it("of Parquet with timestamps and nulls", async () => {
    const path = await parquet(
      tempDir(),
      `SELECT * FROM (VALUES ('u', 'b', TIMESTAMP '2024-01-02'), ('u', 'a', TIMESTAMP '2024-01-01'),
       ('u', NULL, TIMESTAMP '2024-01-01'), ('v', 'c', NULL)) t("user", item, "time")`,
    );
    expect(await all(readHistories({ path }))).toEqual([
      { kind: "history", row: 0, user: "u", items: ["a", "b"] },
      expect.objectContaining({ row: 1, user: "u", detail: "row 2: item is missing" }),
      expect.objectContaining({ row: 2, user: "v", detail: "row 3: time is missing" }),
    ]);
    expect(await countHistories({ path })).toBe(3);
  });
});
