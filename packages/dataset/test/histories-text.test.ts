import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { all, put, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countHistories, readHistories } from "../src/histories/read-histories.js";

const tempDir = useTempDirs();

describe("JSONL histories", () => {
  it("reads ids that are texts or numbers, with line breaks of either kind", async () => {
    const text = '{"user":"a","history":["x","y"]}\r\n\n{"user":7,"history":[1,2]}';
    const path = put(tempDir(), "h.jsonl", text);
    expect(await all(readHistories({ path }))).toEqual([
      { kind: "history", row: 0, user: "a", items: ["x", "y"] },
      { kind: "history", row: 1, user: "7", items: ["1", "2"] },
    ]);
    expect(await countHistories({ path })).toBe(2);
  });

  it("rejects what cannot be read, with line and reason, and continues", async () => {
    const lines = [
      '{"user":"a","history":["x"]}',
      '{"user":"b", broken "x',
      "[1,2]",
      '{"history":["x"]}',
      '{"user":"c"}',
      '{"user":"d","history":"x y"}',
      '{"user":"e","history":["x",null]}',
      '{"user":"f","history":[]}',
      '{"user":"g","history":[1.5]}',
      '{"user":"","history":["x"]}',
      '{"user":"z","history":["x"]}',
    ];
    const rows = await all(readHistories({ path: put(tempDir(), "h.jsonl", lines.join("\n")) }));
    expect(rows.map((row) => row.row)).toEqual(lines.map((_, place) => place));
    expect(rows.flatMap((row) => (row.kind === "history" ? [row.user] : []))).toEqual(["a", "z"]);
    expect(rows.flatMap((row) => (row.kind === "rejected" ? [row] : []))).toEqual([
      { kind: "rejected", row: 1, reason: "malformed_row", detail: "line 2: not valid JSON" },
      { kind: "rejected", row: 2, reason: "malformed_row", detail: "line 3: not a JSON object" },
      { kind: "rejected", row: 3, reason: "malformed_row", detail: "line 4: user is missing" },
      {
        kind: "rejected",
        row: 4,
        user: "c",
        reason: "malformed_row",
        detail: "line 5: history is missing",
      },
      expect.objectContaining({ user: "d", detail: "line 6: history is not a list" }),
      expect.objectContaining({ user: "e", detail: "line 7: history[1] is missing" }),
      expect.objectContaining({ user: "f", reason: "empty_history" }),
      expect.objectContaining({ user: "g", detail: expect.stringContaining("write it as a text") }),
      expect.objectContaining({ row: 9, detail: "line 10: user is empty" }),
    ]);
  });

  it("survives lines that are too long or not UTF-8", async () => {
    const content = Buffer.concat([
      Buffer.from(`{"user":"long","history":["${"x".repeat(700_000)}"]}\n`),
      Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
      Buffer.from('{"user":"z","history":["x"]}'),
    ]);
    const path = put(tempDir(), "h.jsonl", content);
    const held = await all(readHistories({ path }));
    expect(held.map((row) => row.kind)).toEqual(["history", "rejected", "history"]);
    const bounded = await all(readHistories({ path, maxLineBytes: 1_000 }));
    expect(bounded.map((row) => (row.kind === "rejected" ? row.detail : row.user))).toEqual([
      "line 1: the line is longer than the limit",
      "line 2: not valid UTF-8",
      "z",
    ]);
  });

  it("reads gzip, a byte-order mark and renamed columns", async () => {
    const text = '\uFEFF{"uid":"a","seq":["x"]}\n';
    const path = put(tempDir(), "h.jsonl.gz", gzipSync(text));
    const columns = { user: "uid", history: "seq" };
    expect(await all(readHistories({ path, columns }))).toEqual([
      { kind: "history", row: 0, user: "a", items: ["x"] },
    ]);
  });

  it("gives the same rows for any window and size of chunks", async () => {
    const dir = tempDir();
    const id = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" });
    const line = fc.oneof(
      fc
        .record({ user: id, history: fc.array(id, { maxLength: 4 }) })
        .map((row) => JSON.stringify(row)),
      fc.constantFrom("{broken", "", '{"user":"u"}'),
    );
    const property = fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.nat(35),
      fc.nat(35),
      fc.integer({ min: 1, max: 7 }),
      async (lines, offset, limit, chunkRows) => {
        const head = '{"user":"first","history":["x"]}';
        const path = put(dir, "p.jsonl", [head, ...lines].join("\n"));
        const rows = await all(readHistories({ path }));
        expect(await countHistories({ path })).toBe(rows.length);
        const some = await all(readHistories({ path, offset, limit, chunkRows }));
        expect(some).toEqual(rows.slice(offset, offset + limit));
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it("rejects every row of a file without one readable record", async () => {
    const path = put(tempDir(), "h.jsonl", "{a\n{b\n");
    const rows = await all(readHistories({ path }));
    expect(rows.map((row) => row.kind)).toEqual(["rejected", "rejected"]);
  });
});

describe("CSV histories", () => {
  it("splits items by the separator and fields by RFC 4180", async () => {
    const text = 'user,history\n"u,1",a b  c\nu2,"x ""y"" z"\nu3,\nu4,a,b\n"u5,a\nu6,q\n';
    const rows = await all(readHistories({ path: put(tempDir(), "h.csv", text) }));
    expect(rows).toEqual([
      { kind: "history", row: 0, user: "u,1", items: ["a", "b", "c"] },
      { kind: "history", row: 1, user: "u2", items: ["x", '"y"', "z"] },
      expect.objectContaining({ row: 2, user: "u3", reason: "empty_history" }),
      expect.objectContaining({ row: 3, detail: "line 5: 3 fields, but the header names 2" }),
      expect.objectContaining({ row: 4, detail: "line 6: a quote is not closed on its line" }),
      { kind: "history", row: 5, user: "u6", items: ["q"] },
    ]);
  });

  it("takes another separator, and tabs from a .tsv", async () => {
    const path = put(tempDir(), "h.tsv", "user\thistory\nu\ta|b\n");
    expect(await all(readHistories({ path, itemSeparator: "|" }))).toEqual([
      { kind: "history", row: 0, user: "u", items: ["a", "b"] },
    ]);
  });

  it("reads back what a writer quoted", async () => {
    const dir = tempDir();
    const field = fc.string({
      minLength: 1,
      maxLength: 6,
      unit: fc.constantFrom('"', ",", "a", "é"),
    });
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const property = fc.asyncProperty(
      fc.array(fc.tuple(field, field), { minLength: 1 }),
      async (pairs) => {
        const text = pairs.map(([user, item]) => `${quote(user)},${quote(item)}`).join("\n");
        const path = put(dir, "p.csv", `user,history\n${text}`);
        const rows = await all(readHistories({ path, itemSeparator: " " }));
        expect(rows.map((row) => (row.kind === "history" ? [row.user, ...row.items] : []))).toEqual(
          pairs,
        );
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });
});

describe("refusals name the file and the remedy", () => {
  it.each([
    ["none.jsonl", "FILE_NOT_FOUND", /does not exist/],
    ["none.parquet", "FILE_NOT_FOUND", /does not exist/],
    ["none.xyz", "FILE_NOT_FOUND", /does not exist/],
  ])("%s", async (name, code, message) => {
    const failure = all(readHistories({ path: join(tempDir(), name) }));
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("a missing column", async () => {
    const path = put(tempDir(), "h.csv", "person,history\nu,a\n");
    await expect(all(readHistories({ path }))).rejects.toMatchObject({
      code: "MISSING_COLUMN",
      message: expect.stringMatching(/no column "user"; it has "person", "history".*`columns`/),
    });
  });

  it("an empty CSV, a truncated gzip, a file that is no Parquet, a directory", async () => {
    const dir = tempDir();
    const cut = gzipSync('{"user":"a","history":["x"]}\n'.repeat(100)).subarray(0, 40);
    const cases = [
      [put(dir, "e.csv", ""), "MISSING_COLUMN"],
      [put(dir, "t.jsonl.gz", cut), "UNREADABLE"],
      [put(dir, "n.parquet", "no parquet at all"), "UNREADABLE"],
    ] as const;
    for (const [path, code] of cases) {
      await expect(all(readHistories({ path }))).rejects.toMatchObject({ code });
    }
    const read = all(readHistories({ path: dir, format: "jsonl" }));
    await expect(read).rejects.toMatchObject({ code: "UNREADABLE" });
  });

  it.each([{ offset: -1 }, { limit: 1.5 }, { chunkRows: 0 }])("%o", async (window) => {
    const path = put(tempDir(), "h.jsonl", "");
    await expect(all(readHistories({ path, ...window }))).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
  });
});
