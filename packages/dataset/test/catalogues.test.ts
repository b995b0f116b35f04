import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { readItemList } from "../src/catalogues/item-list.js";
import { openCatalogue, writePreparedCatalogue } from "../src/catalogues/open-catalogue.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();
const LC_REC = '{"7":["<a_1>","<b_2>"],"8":["<a_1>","<b_3>"],"x":["<a_0>","<b_65535>"]}';

describe("a catalogue", () => {
  it("is the same from every format", async () => {
    const dir = tempDir();
    const csv = put(dir, "c.csv", "item_id,title,c0,c1\n7,A,1,2\n8,B,1,3\nx,C,0,65535\n");
    const parquet = join(dir, "c.parquet");
    await runSql(`COPY (SELECT * FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`);
    const jsonl =
      '{"item_id":7,"c0":1,"c1":2}\n{"item_id":"x","c0":0,"c1":65535}\n{"item_id":"8","c0":1,"c1":3}';
    const paths = [
      put(dir, "index.json", LC_REC),
      put(dir, "no ending", LC_REC),
      csv,
      parquet,
      put(dir, "c.jsonl.gz", gzipSync(jsonl)),
    ];
    const hashes = await Promise.all(paths.map(async (path) => (await openCatalogue(path)).hash));
    expect(new Set(hashes).size).toBe(1);

    const prepared = join(dir, "c.nightbeam");
    await writePreparedCatalogue(await openCatalogue(csv), prepared);
    const opened = await openCatalogue(prepared);
    expect(opened.hash).toBe(hashes[0]);
    expect(opened.itemIndex("x")).toBe(0);
    expect(readdirSync(dir).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it.each([
    ["c.csv", "item_id,c0,c1\na,1,2\nb,1\n", "BAD_CATALOGUE", /c\.csv: line 3: 2 fields/],
    ["c.csv", "item_id,c0,c1\na,1,2\nb,1,many\n", "BAD_CATALOGUE", /c\.csv: line 3: .*NaN/],
    ["c.csv", "item_id,c0,c1\na,1,2\na,1,3\n", "BAD_CATALOGUE", /line 3: .*listed already/],
    ["c.csv", "item_id,c1\na,1\n", "MISSING_COLUMN", /needs item_id and c0/],
    ["c.jsonl", '{"item_id":null,"c0":1,"c1":2}', "BAD_CATALOGUE", /line 1: .*id is empty/],
    ["c.json", '{"a":["<a_1>"', "BAD_CATALOGUE", /c\.json: /],
    ["c.bin", "neither", "BAD_CATALOGUE", /prepared/],
  ])("%s %j is refused", async (name, content, code, message) => {
    const path = put(tempDir(), name, content);
    await expect(openCatalogue(path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("that is missing, or cut after it was written, is refused", async () => {
    const dir = tempDir();
    const path = join(dir, "c.bin");
    await expect(openCatalogue(path)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await writePreparedCatalogue(await openCatalogue(put(dir, "i.json", LC_REC)), path);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    await expect(openCatalogue(path)).rejects.toMatchObject({ code: "BAD_CATALOGUE" });
  });

  it("refuses Parquet columns of other types, and codes that are missing", async () => {
    const path = join(tempDir(), "c.parquet");
    const write = (query: string) => runSql(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
    await write("SELECT 'a' AS item_id, 1.5 AS c0, 2 AS c1");
    await expect(openCatalogue(path)).rejects.toMatchObject({ code: "COLUMN_TYPE" });
    await write("SELECT 'a' AS item_id, 1 AS c0, NULL::INTEGER AS c1");
    await expect(openCatalogue(path)).rejects.toMatchObject({ code: "BAD_CATALOGUE" });
  });
});

describe("a list of items", () => {
  it("is read from lines and from a column", async () => {
    const dir = tempDir();
    const csv = put(dir, "l.csv", "x,item_id\n1,a\n2,b b\n");
    const parquet = join(dir, "l.parquet");
    await runSql(`COPY (SELECT 7 AS sku) TO '${parquet}' (FORMAT parquet)`);
    expect(await readItemList(put(dir, "l.txt", "a\r\n\n b b \n"))).toEqual(["a", "b b"]);
    expect(await readItemList(csv)).toEqual(["a", "b b"]);
    expect(await readItemList(put(dir, "l.jsonl", '{"item_id":3}'))).toEqual(["3"]);
    expect(await readItemList(parquet, { column: "sku" })).toEqual(["7"]);
  });

  it("is refused completely instead of shortened", async () => {
    const dir = tempDir();
    const broken = put(dir, "l.jsonl", '{"item_id":3}\n{');
    await expect(readItemList(broken)).rejects.toMatchObject({ code: "UNREADABLE" });
    const other = readItemList(put(dir, "l.csv", "item\na\n"));
    await expect(other).rejects.toMatchObject({ code: "MISSING_COLUMN" });
  });
});
