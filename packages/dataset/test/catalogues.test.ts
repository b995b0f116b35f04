import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { allowListsHash, readAllowLists, readUserGroups } from "../src/catalogues/allow-lists.js";
import { readItemList } from "../src/catalogues/item-list.js";
import { openCatalogue, writePreparedCatalogue } from "../src/catalogues/open-catalogue.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();
const LC_REC = '{"7":["<a_1>","<b_2>"],"8":["<a_1>","<b_3>"],"x":["<a_0>","<b_65535>"]}';

/** A short text as a frame of Zstandard that is not compressed. */
function zstdFrame(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const block = (size << 3) | 1;
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, size, block & 0xff, (block >> 8) & 0xff, 0];
  return Buffer.concat([Buffer.from(header), Buffer.from(text)]);
}

describe("a catalogue", () => {
  it("in Parquet is the same with codes in columns, in lists and as text, whatever its ids are", async () => {
    const dir = tempDir();
    // Short, long, beyond ASCII, more rows than DuckDB returns at once.
    const id =
      "CASE i % 4 WHEN 0 THEN 'i' || i WHEN 1 THEN 'item number ' || i WHEN 2 THEN 'é' || i ELSE '雪の日の本 ' || i END";
    const rows = `SELECT ${id} AS item_id, (hash(i) % 300)::USMALLINT AS c0, (i % 65536)::BIGINT AS c1 FROM range(5000) AS t(i)`;
    const files = await Promise.all(
      [
        "item_id, c0, c1",
        "item_id, [c0, c1] AS sid",
        "item_id, '<a_' || c0 || '><b_' || c1 || '>' AS sid",
      ].map(async (columns, nth) => {
        const path = join(dir, `${nth}.parquet`);
        await runSql(`COPY (SELECT ${columns} FROM (${rows})) TO '${path}' (FORMAT parquet)`);
        return openCatalogue(path);
      }),
    );
    expect(files[0]?.itemCount).toBe(5000);
    expect(new Set(files.map(({ hash }) => hash)).size).toBe(1);
  });

  it.each([
    ["i AS item_id, i AS c0, if(i = 4321, 65536, 1) AS c1", /row 4321: .*level 2 is 65536/],
    ["i AS item_id, i AS c0, nullif(i, 4321) AS c1", /row 4321: a code at level 2 is missing/],
    ["nullif(i, 4321) AS item_id, i AS c0, i AS c1", /row 4321: item_id is missing/],
    ["i AS item_id, CASE WHEN i = 4321 THEN [i] ELSE [i, i] END AS sid", /row 4321: 1 codes/],
    ["i % 4321 AS item_id, i AS c0, i AS c1", /item "\d+" is listed twice, with the codes/],
  ])("in Parquet of many rows of %s is refused", async (columns, message) => {
    const path = join(tempDir(), "c.parquet");
    await runSql(`COPY (SELECT ${columns} FROM range(5000) AS t(i)) TO '${path}' (FORMAT parquet)`);
    await expect(openCatalogue(path)).rejects.toMatchObject({
      code: "BAD_CATALOGUE",
      message: expect.stringMatching(message),
    });
  });

  it("that unpacks to very many times its size is refused before it fills the memory", async () => {
    const start = Buffer.from('{"7":["<a_1>","<b_2>"],"8":["<a_1>","<b_3>"]');
    const bomb = gzipSync(Buffer.concat([start, Buffer.alloc(64 * 2 ** 20, " ")]));
    const path = put(tempDir(), "bomb.json.gz", bomb);
    await expect(openCatalogue(path)).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringContaining("unpacks to more than 200 times its size"),
    });
  });

  it("is the same from every format", async () => {
    const dir = tempDir();
    const csv = put(dir, "c.csv", "item_id,title,c0,c1\n7,A,1,2\n8,B,1,3\nx,C,0,65535\n");
    const parquet = join(dir, "c.parquet");
    await runSql(`COPY (SELECT * FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`);
    const lists = join(dir, "lists.parquet");
    const floats = join(dir, "floats.parquet");
    await runSql(
      `COPY (SELECT item_id AS pid, [c0, c1] AS sid FROM read_csv('${csv}')) TO '${lists}' (FORMAT parquet)`,
    );
    await runSql(
      `COPY (SELECT item_id, c0::DOUBLE AS c0, c1::DECIMAL(9, 2) AS c1 FROM read_csv('${csv}')) TO '${floats}' (FORMAT parquet)`,
    );
    const jsonl =
      '{"item_id":7,"c0":1,"c1":2}\n{"item_id":"x","c0":0,"c1":65535}\n{"item_id":"8","c0":1,"c1":3}';
    const paths = [
      put(dir, "index.json", LC_REC),
      put(dir, "no ending", LC_REC),
      csv,
      parquet,
      put(dir, "c.jsonl.gz", gzipSync(jsonl)),
      put(dir, "index.json.gz", gzipSync(LC_REC)),
      put(dir, "packed.json", gzipSync(LC_REC)),
      put(dir, "lines.json", jsonl),
      put(dir, "c.csv.gz", gzipSync("item_id,c0,c1\n7,1,2\n8,1,3\nx,0,65535\n")),
      put(dir, "c.csv.zst", zstdFrame("item_id,c0,c1\n7,1,2\n8,1,3\nx,0,65535\n")),
      put(dir, "table", "asin;level_1;level_2\r\n7;1.0;2.0\r\n8;1;3\r\nx;0;65535\r\n"),
      put(dir, "c.item", "item_id:token\tc0:float\tc1:float\n7\t1\t2\n8\t1\t3\nx\t0\t65535\n"),
      put(dir, "p.csv", 'sid,iid\n<a_1><b_2>,7\n"[1, 3]",8\n0-65535,x\n'),
      put(dir, "info.txt", "<a_1><b_2>\tA, B\t7\n<a_1><b_3>\t\t8\n<a_0><b_65535>\tC\tx\n"),
      put(dir, "joined.json", '{"7":"<a_1><b_2>","8":"<s_a_1><s_b_3>","x":[0,65535]}'),
      put(
        dir,
        "objects.json",
        '[{"id":7,"c0":1,"c1":2},{"id":"8","c0":1,"c1":3},{"id":"x","c0":0,"c1":65535}]',
      ),
      put(dir, "pairs.json", '[["7",["<A_1>","<B_2>"]],["8",[1,3]],["x",["0","65535"]]]'),
      lists,
      floats,
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
    [
      "c.csv",
      "item_id,c0,c1\na,1,2\nb,1,many\n",
      "BAD_CATALOGUE",
      /c\.csv: line 3: "many" at level 2/,
    ],
    ["c.csv", "item_id,c0,c1\na,1,\n", "BAD_CATALOGUE", /line 2: "" at level 2 is missing/],
    ["c.csv", "item_id,c0,c1\na,1,2.5\n", "BAD_CATALOGUE", /line 2: "2.5" at level 2/],
    ["c.csv", "item_id,c0,c1\na,1,-1\n", "BAD_CATALOGUE", /line 2: .*level 2 is -1.*missing/],
    ["c.csv", "item_id,c0,c1\na,1,70000\n", "BAD_CATALOGUE", /line 2: .*level 2 is 70000/],
    ["c.csv", "a,1,2\nb,1,3\n", "MISSING_COLUMN", /columns "a", "1", "2".*header/],
    [
      "c.jsonl",
      '{"item_id":1,"codes":[1,2]}\n{"item_id":2,"codes":[]}',
      "BAD_CATALOGUE",
      /line 2: .*no codes/,
    ],
    [
      "c.json",
      '[["<a_1>","<b_2>"]]',
      "BAD_CATALOGUE",
      /element 1 is \["<a_1>","<b_2>"\].*numbered from 0/,
    ],
    ["c.json", '[{"item_id":1,"name":"x"}]', "MISSING_COLUMN", /"item_id", "name"/],
    ["info.txt", "<a_1><b_2>\tA\t0\n<a_1>\tB\t1\n", "BAD_CATALOGUE", /line 2 is "<a_1>/],
    ["c.npy", Buffer.from("934e554d50590100", "hex"), "UNKNOWN_FORMAT", /NumPy array/],
    ["c.json.zst", Buffer.from("28b52ffd00", "hex"), "UNREADABLE", /c\.json\.zst/],
    ["c.json.bz2", Buffer.from("BZh91AY&SY"), "UNKNOWN_FORMAT", /bzip2/],
    ["c.txt", "hello world\n", "UNKNOWN_FORMAT", /begins with "hello world".*Parquet, CSV/],
    [
      "c.csv",
      "item_id,c0,c1\na,1,2\na,1,3\n",
      "BAD_CATALOGUE",
      /c\.csv: item "a" is listed twice, with the codes 1 2 and 1 3/,
    ],
    ["c.csv", "item_id,c1\na,1\n", "MISSING_COLUMN", /needs item_id and c0/],
    ["c.jsonl", '{"item_id":null,"c0":1,"c1":2}', "BAD_CATALOGUE", /line 1: item_id is missing/],
    ["c.json", '{"a":["<a_1>"', "BAD_CATALOGUE", /c\.json: /],
    ["c.bin", "NBCATLOG", "BAD_CATALOGUE", /prepared/],
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

  it.each([
    ["'a' AS item_id, 1.5 AS c0, 2 AS c1", "BAD_CATALOGUE", /row 0: 1.5 at level 1/],
    [
      "'a' AS item_id, 1 AS c0, NULL::INTEGER AS c1",
      "BAD_CATALOGUE",
      /row 0: .*level 2 is missing/,
    ],
    ["'a' AS item_id, [1, NULL] AS codes", "BAD_CATALOGUE", /row 0: .*level 2 is missing/],
    [
      "1.5::DOUBLE AS item_id, 1 AS c0, 2 AS c1",
      "BAD_CATALOGUE",
      /row 0: item_id 1.5 is not a whole number/,
    ],
    ["true AS item_id, 1 AS c0, 2 AS c1", "COLUMN_TYPE", /"item_id" is BOOLEAN/],
    ["'a' AS item_id, [1, 2] AS v, [1, 2] AS w", "MISSING_COLUMN", /"v", "w"/],
  ])("in Parquet with %s is refused", async (columns, code, message) => {
    const path = join(tempDir(), "c.parquet");
    await runSql(`COPY (SELECT ${columns}) TO '${path}' (FORMAT parquet)`);
    await expect(openCatalogue(path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("keeps ids beyond 2^53 digit by digit", async () => {
    const dir = tempDir();
    const id = "9007199254740993";
    const parquet = join(dir, "c.parquet");
    await runSql(
      `COPY (SELECT ${id} AS item_id, [1, 2] AS codes) TO '${parquet}' (FORMAT parquet)`,
    );
    const paths = [
      put(dir, "c.jsonl", `{"item_id":${id},"c0":1,"c1":2,"note":"12345678901234567890"}`),
      put(dir, "c.json", `[{"item_id":${id},"codes":[1,2]}]`),
      put(dir, "c.csv", `item_id,c0,c1\n${id},1,2\n`),
      parquet,
    ];
    for (const path of paths) expect((await openCatalogue(path)).itemId(0)).toBe(id);
  });
});

it("ids that are written as decimals are whole numbers, in catalogues and in lists", async () => {
  const dir = tempDir();
  const catalogue = await openCatalogue(put(dir, "c.csv", "item_id,c0,c1\n7.0,1,2\n12.0,1,3\n"));
  expect([0, 1].map((item) => catalogue.itemId(item))).toEqual(["7", "12"]);
  expect(await readItemList(put(dir, "l.csv", "item_id\n7.0\n12.0\n"))).toEqual(["7", "12"]);
  expect(await readItemList(put(dir, "m.csv", "item_id\n7.0\nx\n"))).toEqual(["7.0", "x"]);
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
    const json = put(dir, "l.json", '["a", 9007199254740993]');
    expect(await readItemList(json)).toEqual(["a", "9007199254740993"]);
    const object = readItemList(put(dir, "o.json", '{"a": 1}'));
    await expect(object).rejects.toMatchObject({ code: "UNREADABLE" });
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

describe("lists of items per group", () => {
  it("are read from a directory, a table and JSON", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "lists"));
    put(dir, "lists/DE.txt", "1\n2\n");
    put(dir, "lists/kids.v2.csv.gz", gzipSync("item_id\n3\n"));
    put(dir, "lists/.hidden", "x");
    put(dir, "lists/_SUCCESS", "");
    const expected = { DE: ["1", "2"], "kids.v2": ["3"] };
    const places = [
      join(dir, "lists"),
      put(dir, "table.csv", "group,item_id\nDE,1\nkids.v2,3\nDE,2\n"),
      put(dir, "lists.json", '{"DE": [1, "2"], "kids.v2": ["3"]}'),
    ];
    for (const place of places) {
      expect(Object.fromEntries(await readAllowLists(place))).toEqual(expected);
    }
    const hash = await allowListsHash(join(dir, "lists"));
    put(dir, "lists/DE.txt", "1\n");
    expect(await allowListsHash(join(dir, "lists"))).not.toBe(hash);
    put(dir, "lists/DE.json", "[1]");
    await expect(readAllowLists(join(dir, "lists"))).rejects.toThrow(/two files .* group "DE"/);
  });

  it.each([
    ["lists.json", "[1, 2]", /does not hold lists/],
    ["table.csv", "group,item_id\n,1\n", /line 2 names no group/],
    ["table.csv", "region,item_id\nDE,1\n", /line 2 names no group/],
  ])("in %s with %j are refused", async (name, content, message) => {
    const path = put(tempDir(), name, content);
    await expect(readAllowLists(path)).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringMatching(message),
    });
  });

  it("have users in several rows or in one", async () => {
    const dir = tempDir();
    const csv = put(dir, "u.csv", "user,group\nu,DE\nv,FR\nu,kids\n");
    const jsonl = put(
      dir,
      "u.jsonl",
      '{"user":"u","groups":["DE","kids"]}\n{"user":"v","groups":"FR"}',
    );
    const lists = put(dir, "l.csv", "user,groups\nu,\"['DE', 'kids']\"\nv,[FR]\n");
    const parquet = join(dir, "u.parquet");
    const rows = "VALUES ('u', ['DE', 'kids']), ('v', ['FR'])";
    await runSql(`COPY (FROM (${rows}) AS t("user", groups)) TO '${parquet}' (FORMAT parquet)`);
    for (const path of [csv, jsonl, lists, parquet]) {
      expect([...(await readUserGroups(path))]).toEqual([
        ["u", ["DE", "kids"]],
        ["v", ["FR"]],
      ]);
    }
  });
});
