import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { all, put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { inputHash } from "../src/files/input-files.js";
import type { HistorySource } from "../src/histories/history-source.js";
import { openHistories } from "../src/histories/open-histories.js";
import { readHistories } from "../src/histories/read-histories.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();

/** Users and their items; of rejected rows the reason. */
async function usersIn(source: HistorySource): Promise<string[]> {
  const rows = await all(readHistories(source));
  return rows.map((row) =>
    row.kind === "history" ? `${row.user}: ${row.items.join(" ")}` : `(${row.detail})`,
  );
}

const BOTH = ["u1: 1 2 3", "u2: 4"];
const LF = "\n";

describe("text files", () => {
  it.each([
    ["h.csv", "user;history\nu1;1 2 3\nu2;4\n"],
    ["h.csv", "user|history\nu1|1,2,3\nu2|4\n"],
    ["h.csv", "user::history\nu1::1|2|3\nu2::4\n"],
    ["h.csv", "userId\thistory\r\nu1\t1 2 3\r\nu2\t4\r\n"],
    ["h.csv", "\uFEFF,user,history\n0,u1,1 2 3\n1,u2,4\n"],
    ["h.csv", "user,history\nu1,\"['1', '2', '3']\"\nu2,[4]\n"],
    ["h.csv", "user,history\nu1,['1', '2', '3']\nu2,['4']\n"],
    ["h.csv", 'user,history\nu1,"[""1"",""2"",""3""]"\nu2,"[""4""]"\n'],
    ["h.csv", 'user,history\nu1,"(1, 2, 3)"\nu2,"(4,)"\n'],
    ["h.csv", "user,history\nu1,[1 2 3]\nu2,[4]\n"],
    ["h.csv", "user,history\nu1,['1' '2' '3']\nu2,['4']\n"],
    ["h.csv", 'user,history\nu1,"{1,2,3}"\nu2,{4}\n'],
    ["h.csv", "user,history\nu1,[1. 2. 3.]\nu2,[4.]\n"],
    ["h.csv", 'user,history\nu1,"[1.0, 2.0, 3.0]"\nu2,[4.0]\n'],
    ["h.csv", "uid,item_seq\nu1,1.0 2.0 3.0\nu2,4.0\n"],
    ["h.csv", 'user_id,history_item_id,item_id\nu1,"[1, 2, 3]",9\nu2,[4],9\n'],
    ["h.csv", "userId,movieId,timestamp\nu2,4,1\nu1,1,1\nu1,2,2.5\nu1,3,3\n"],
    ["h.inter", "user_id:token\titem_id_list:token_seq\titem_id:token\nu1\t1 2 3\t9\nu2\t4\t9\n"],
    [
      "h.inter",
      "user_id:token\titem_id:token\ttimestamp:float\nu2\t4\t1\nu1\t1\t1\nu1\t2\t2\nu1\t3\t3\n",
    ],
    ["h.inter.json", '{"u1": [1, 2, 3], "u2": [4]}'],
    ["h.json", '{\n  "u1": {"items": [1, 2, 3]},\n  "u2": {"items": ["4"]}\n}\n'],
    ["h.json", '[{"uid": "u1", "items": [1, 2, 3]},\n {"uid": "u2", "items": [4]}]'],
    ["h.json", '{"user": "u1", "history": [1, 2, 3]}\n{"user": "u2", "history": [4]}\n'],
    ["h.csv", 'user,history\nu1,"[1 2\n 3]"\nu2,[4]\n'],
    ["h.csv", "sep=;\nuser;history\nu1;1 2 3\nu2;4\n"],
    ["h.csv", "user, item, time\nu2, 4, 1\nu1, 1, 1\nu1, 2, 2\nu1, 3, 3\n"],
    ["h.csv", 'user, history\nu1, "[1, 2, 3]"\nu2, 4\n'],
    ["h.json", '{"0":{"user":"u1","history":[1,2,3]},"1":{"user":"u2","history":[4]}}'],
    [
      "h.jsonl",
      '{\'user\': \'u1\', \'history\': [1, 2, 3]}\n{"user": "u2", "history": [4], "price": NaN}\n',
    ],
    ["h.jsonl", '{"user": "u1", "history": "[1, 2, 3]"}\n{"user": "u2", "history": [4.0]}\n'],
    ["sequential_data.txt", "u1 1 2 3\nu2 4\n"],
    ["0000_part_00", "user|history\nu1|1 2 3\nu2|4\n"],
    ["000000000000.gz", gzipSync('{"user":"u1","history":[1,2,3]}\n{"user":"u2","history":[4]}\n')],
    ["h.csv", gzipSync("user,history\nu1,1 2 3\nu2,4\n")],
    ["h.csv", 'ORCID,user,history\nx,u1,"[""\\u0031"", ""2"", ""3""]"\nx,u2,4\n'],
  ])("%s %#", async (name, content) => {
    expect(await usersIn({ path: put(tempDir(), name, content) })).toEqual(BOTH);
  });

  it("of Zstandard, in several frames", async () => {
    const frame = (base64: string) => Buffer.from(base64, "base64");
    // zstd -c of "user,history\nu1,1 2 3\n", and of "u2,4\n".
    const frames = ["KLUv/SAWsQAAdXNlcixoaXN0b3J5CnUxLDEgMiAzCg==", "KLUv/SAFKQAAdTIsNAo="].map(
      frame,
    );
    const path = put(tempDir(), "h.csv.zst", Buffer.concat(frames));
    expect(await usersIn({ path })).toEqual(BOTH);
  });

  it("of names or positions that are given", async () => {
    const dir = tempDir();
    const named = put(dir, "n.csv", "who,what,when\nu1,1,1\nu1,2,2\n");
    const columns = { user: "who", item: "what", time: "when" };
    expect(await usersIn({ path: named, columns })).toEqual(["u1: 1 2"]);
    const dat = put(dir, "ratings.dat", "u1::1::5::1\nu1::2::5::2\n");
    const positions = { user: "1", item: "2", time: "4" };
    expect(await usersIn({ path: dat, columns: positions })).toEqual(["u1: 1 2"]);
  });

  it("lose only what is bad", async () => {
    const dir = tempDir();
    const latin = Buffer.concat([
      Buffer.from("user,history\nu1,1 2 3\ncaf"),
      Buffer.from([0xe9]),
      Buffer.from(',9\nu2,4\nu3,"[1, None]"\nu4,[1 2 ... 9]\n'),
    ]);
    expect(await usersIn({ path: put(dir, "h.csv", latin) })).toEqual([
      "u1: 1 2 3",
      "(line 3: not valid UTF-8)",
      "u2: 4",
      "(line 5: history[1] is missing)",
      "(line 6: history was shortened by numpy (…): write the list with tolist())",
    ]);
    const json = '{"u1": [1, 2, 3], "x": [1,,2], "y": null, "u2": [4]}';
    expect(await usersIn({ path: put(dir, "h.json", json), maxLineBytes: 16 })).toEqual([
      "u1: 1 2 3",
      "(entry 2: not valid JSON)",
      "(entry 3: history is missing)",
      "u2: 4",
    ]);
    const decimals = put(dir, "d.csv", `user,history\n${"u1,1.0\n".repeat(1_000)}u2,x 2.0\n`);
    const rows = await usersIn({ path: decimals });
    expect(rows.at(-1)).toMatch(/"x" is not a whole number/);
  });

  it.each([
    ["h.csv", "u1,11512,1\nu2,3,4\n", /no header.*`columns`/],
    [
      "h.csv",
      "user_id,asin,parent_asin,timestamp\nu,1,2,3\n",
      /"asin" and "parent_asin".*`columns` item=asin/,
    ],
    ["h.csv", "user,user,history\nu,v,1\n", /two columns "user"/],
    ["h.csv", "user,item\nu,1\n", /no column "time"/],
    ["pairs.txt", "1 5\n1 6\n2 7\n", /several lines for one user/],
    ["h.csv", Buffer.from("\uFEFFuser,history\nu,1\n", "utf16le"), /UTF-16.*iconv/],
    ["h.csv", Buffer.from("user,history\nu,1\n", "utf16le"), /UTF-16.*iconv/],
    ["h.csv.bz2", Buffer.from("BZh91AY&SY"), /bunzip2/],
    ["h.csv.xz", Buffer.from("\xfd7zXZ\0", "latin1"), /xz --decompress/],
    ["h.zip", Buffer.from("PK\x03\x04"), /unzip/],
    ["h.xyz", "user,history\n", /Name the file/],
    ["h.json", '{"u1": [1, 2', /ends within entry 1/],
    ["h.json", '{"user":{"0":"u"},"history":{"0":[1]}}', /orient="records"/],
    ["h.json", '{"columns":["user","history"],"data":[["u",[1]]]}', /orient="records"/],
  ])("that are refused, with the remedy: %s %#", async (name, content, message) => {
    const path = put(tempDir(), name, content);
    await expect(usersIn({ path })).rejects.toThrow(message);
  });
});

describe("times", () => {
  it.each([
    ["2024-01-02 03:04:05 UTC", "2024-01-02T03:04:04.9Z", "2024-01-02T05:04:05.123456+02:00"],
    ["2024-01-02 03:04:05 America/New_York", "2024-01-02T08:04:04Z", "2024-01-02 08:04:06+00"],
    ["2024-07-02 03:04:05.5 America/New_York", "2024-07-02T07:04:05Z", "2024-07-02 07:04:06 GMT"],
    ["2024-01-02T03:04:05+01:00[Europe/Paris]", "2024-01-02T02:04:04Z", "2024-01-02T02:04:06Z"],
    ["Tue, 02 Jan 2024 03:04:05 -0800", "2024-01-02T11:04:04Z", "2024-01-02T11:04:06Z"],
    ["Tue Jan 02 03:04:05 -0800 2024", "2024-01-02T11:04:04Z", "2024-01-02T11:04:06Z"],
    ["1704164645.5", "1704164645", "1.7041646456e9"],
    // Clocks show 01:30 twice; the first is meant. They skip 02:30.
    ["2024-11-03 01:30:00 America/New_York", "2024-11-03T05:29:00Z", "2024-11-03T05:31:00Z"],
    ["2024-03-10 02:30:00 America/New_York", "2024-03-10T07:29:00Z", "2024-03-10T07:31:00Z"],
  ])("%s comes after %s and before %s", async (middle, first, last) => {
    const events = [`u,b,"${middle}"`, `u,c,"${last}"`, `u,a,"${first}"`];
    const path = put(tempDir(), "e.csv", ["user,item,time", ...events].join(LF));
    expect(await usersIn({ path })).toEqual(["u: a b c"]);
  });

  it("with an ambiguous zone or order of days are rejected", async () => {
    const events = ["u,a,2024-01-02", "u,b,2024-01-02 03:04:05 CST", "u,c,01/02/2024"];
    const path = put(tempDir(), "e.csv", ["user,item,time", ...events].join(LF));
    const [good, ...bad] = await usersIn({ path });
    expect([good, bad.length]).toEqual(["u: a", 2]);
  });
});

describe("Parquet", () => {
  it("with numbers in floating point, texts as times, and one bad id, by row", async () => {
    const dir = tempDir();
    const path = join(dir, "h.parquet");
    const write = (rows: string, names: string) =>
      runSql(`COPY (SELECT * FROM (VALUES ${rows}) t(${names})) TO '${path}' (FORMAT parquet)`);
    await write(
      "(11512::DOUBLE, [1::DOUBLE, 2]), (1.5, [1]), ('nan'::DOUBLE, [1])",
      "user_id, items",
    );
    expect(await usersIn({ path })).toEqual([
      "11512: 1 2",
      "(row 1: the user 1.5 is not a whole number within 2^53)",
      "(row 2: the user is missing)",
    ]);
    await write("(3::DECIMAL(38,0), '[1, 2]')", '"user", history');
    expect(await usersIn({ path })).toEqual(["3: 1 2"]);
    await write(
      "(3::DECIMAL(38,0), 7.0::DOUBLE, '2024-01-02 00:00:00 UTC'), (3, 6, '2024-01-01')",
      "uid, iid, ts",
    );
    expect(await usersIn({ path })).toEqual(["3: 6 7"]);
    await write("(3, 7.5, 2), (3, 6, 1)", "uid, iid, ts");
    expect(await usersIn({ path })).toEqual([
      "3: 6",
      "(row 0: iid 7.5 is not a whole number within 2^53)",
    ]);
  });
});

describe("a text that is not UTF-8 in Parquet", () => {
  it.each([
    ["'[\"x\"]' AS history", ["u0: x", "(row 1: user is not valid UTF-8)", "u2: x"]],
    ["'x' AS item, 1 AS time", ["u0: x", "u2: x", "(row 1: user is not valid UTF-8)"]],
  ])("costs one row: %s", async (columns, expected) => {
    const path = join(tempDir(), "h.parquet");
    const rows = `SELECT 'u' || i AS "user", ${columns} FROM range(3) t(i)`;
    await runSql(`COPY (${rows}) TO '${path}' (FORMAT parquet, COMPRESSION uncompressed)`);
    const bytes = readFileSync(path);
    for (let at = bytes.indexOf("u1"); at >= 0; at = bytes.indexOf("u1", at + 1)) bytes[at] = 0xff;
    writeFileSync(path, bytes);
    expect(await usersIn({ path })).toEqual(expected);
  });
});

describe("several files", () => {
  it("are one input: directories, patterns, Hive's partitions", async () => {
    const dir = tempDir();
    for (const day of ["dt=2024-01-01", "dt=2024-01-02"]) mkdirSync(join(dir, day));
    put(dir, "_SUCCESS", "");
    put(dir, ".part.crc", "x");
    put(dir, "dt=2024-01-02/part-0.csv", "user,item\nu1,2\nu2,4\n");
    put(dir, "dt=2024-01-02/part-1.csv", "");
    put(dir, "dt=2024-01-01/part-0.csv", "user,item\nu1,1\n,5\n");
    const expected = ["u1: 1 2", "u2: 4", "(dt=2024-01-01/part-0.csv, line 3: user is missing)"];
    const columns = { item: "item", time: "dt" };
    const users = (await usersIn({ path: dir, columns })).map((row) =>
      row.replace("empty", "missing"),
    );
    expect(users).toEqual(expected);
    expect(await usersIn({ path: join(dir, "*/*.csv"), columns })).toHaveLength(3);
    const hash = await inputHash(dir);
    put(dir, "dt=2024-01-01/part-0.csv", "user,item\nu1,1\n,6\n");
    expect(await inputHash(dir)).not.toBe(hash);
  });

  it("of events in Parquet are sorted together, ties by their place in the files", async () => {
    const dir = tempDir();
    const write = (name: string, rows: string) =>
      runSql(
        `COPY (SELECT * FROM (VALUES ${rows}) t("user", item, "time")) TO '${join(dir, name)}' (FORMAT parquet)`,
      );
    await write("a.parquet", "('u', 1, 5), ('u', 2, 5)");
    await write("b.parquet", "('u', 3, 5), ('u', NULL, 5)");
    await write("c.parquet", "('u', 4::DOUBLE, 5), ('u', 0, 1)");
    expect(await usersIn({ path: dir })).toEqual([
      "u: 0 1 2 3 4",
      "(b.parquet, row 1: item is missing)",
    ]);
  });

  it("of rows keep the order in which they are given, and resume anywhere", async () => {
    const dir = tempDir();
    const paths = ["b", "a", "c"].map((name) =>
      put(
        dir,
        `${name}.jsonl`,
        `{"user":"${name}1","history":[1]}\n{"user":"${name}2","history":[]}\n`,
      ),
    );
    const histories = await openHistories({ path: paths });
    const rows = await all(histories.read());
    expect(rows.map(({ user, row }) => `${user} ${row}`)).toEqual([
      "b1 0",
      "b2 1",
      "a1 2",
      "a2 3",
      "c1 4",
      "c2 5",
    ]);
    expect(rows[3]).toMatchObject({ detail: "a.jsonl, line 2: no items" });
    for (const offset of [1, 2, 3, 5, 6]) {
      expect(await all(histories.read({ offset, limit: 2 }))).toEqual(
        rows.slice(offset, offset + 2),
      );
    }
    expect(await histories.count()).toBe(6);
    await histories.close();
  });

  it.each([
    [
      { "a.csv": "user,history\nu,1\n", "b.jsonl": '{"user":"u","history":[1]}' },
      /b.jsonl is JSON.*a.csv is CSV/,
    ],
    [
      { "a.csv": "user,history\nu,1\n", "b.csv": "uid,history\nu,1\n" },
      /the user in "uid".*in "user"/,
    ],
    [{ "a.csv": "user,history\nu,1\n", "b.csv": "user,item,time\nu,1,1\n" }, /has events/],
    [{ _SUCCESS: "" }, /no file is there/],
  ])("that do not fit together are named: %j", async (files, message) => {
    const dir = tempDir();
    for (const [name, text] of Object.entries(files)) put(dir, name, text);
    await expect(usersIn({ path: dir })).rejects.toThrow(message);
  });

  it("of a Delta table are refused", async () => {
    const dir = tempDir();
    mkdirSync(join(dir, "_delta_log"));
    await expect(usersIn({ path: dir })).rejects.toThrow(/Delta table/);
  });
});

describe("a user with several rows", () => {
  const rows = ["u1,1", "u2,2", "u1,3", "u1,", "u3,4", "u2,5"];
  it.each([
    ["keep", ["u1: 1", "u2: 2", "u1: 3", "u3: 4", "u2: 5"]],
    ["last", ["u1: 3", "u3: 4", "u2: 5"]],
    ["first", ["u1: 1", "u2: 2", "u3: 4"]],
    ["reject", ["u3: 4"]],
  ] as const)("counts by the rule: %s", async (duplicateUsers, expected) => {
    const path = put(tempDir(), "h.csv", ["user,history", ...rows].join(LF));
    const histories = await openHistories({ path, duplicateUsers });
    const found = await all(histories.read());
    expect(found.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(
      found.flatMap((row) => (row.kind === "history" ? `${row.user}: ${row.items}` : [])),
    ).toEqual(expected);
    const chunks = await all(histories.read({ offset: 1, limit: 4, chunkRows: 1 }));
    expect(chunks).toEqual(found.slice(1, 5));
    await histories.close();
    if (duplicateUsers !== "last") return;
    expect(found[0]).toMatchObject({
      reason: "duplicate_user",
      detail: 'user "u1" has several rows; row 2 counts',
    });
    const limited = await openHistories({ path, duplicateUsers, limit: 2 });
    expect(await limited.count()).toBe(2);
    expect((await all(limited.read({ limit: 2 }))).map(({ kind }) => kind)).toEqual([
      "history",
      "history",
    ]);
    await limited.close();
  });
});

const shared = process.env.NIGHTBEAM_SHARED ?? join(process.cwd(), "..", "shared");

describe.skipIf(!existsSync(join(shared, "data")))("published files", () => {
  it("are read as they are", async () => {
    const count = async (path: string) => {
      const rows = await all(readHistories({ path: join(shared, "data", path) }));
      return [rows.length, rows.filter(({ kind }) => kind === "history").length];
    };
    expect(await count("industrial/test.csv")).toEqual([4_533, 4_533]);
    expect(await count("instruments/Instruments.inter.json")).toEqual([24_772, 24_772]);
    expect(await count("beauty/test.txt")).toEqual([19_383, 3_553]);
  });
});

it("stops opening at the signal", async () => {
  const path = put(tempDir(), "h.csv", "user,history\nu1,1\n");
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(openHistories({ path, duplicateUsers: "last", signal })).rejects.toThrow("enough");
});

describe("further columns", () => {
  it("are read as texts, and a row without one is rejected", async () => {
    const dir = tempDir();
    const csv = put(dir, "h.csv", "user,history,age\nu1,1 2,30\nu2,3,\n");
    const parquet = join(dir, "h.parquet");
    const rows = "('u1', [1, 2], 30), ('u2', [3], NULL)";
    const query = `SELECT * FROM (VALUES ${rows}) t("user", history, age)`;
    await runSql(`COPY (${query}) TO '${parquet}' (FORMAT parquet)`);
    const expected = { user: "u1", items: ["1", "2"], texts: { age: "30" } };
    for (const path of [csv, parquet]) {
      const [first, second] = await all(readHistories({ path, texts: ["age"] }));
      expect(first).toMatchObject(expected);
      expect(second).toMatchObject(
        path === csv ? { texts: { age: "" } } : { detail: "row 1: age is missing" },
      );
    }
  });

  it("are needed in every file, and rows to be in", async () => {
    const dir = tempDir();
    const csv = put(dir, "h.csv", "user,history\nu1,1\n");
    const read = usersIn({ path: csv, texts: ["age"] });
    await expect(read).rejects.toThrow(/no column "age", which the prompt needs/);
    const events = put(dir, "e.csv", "user,item,time,age\nu1,1,1,30\n");
    await expect(usersIn({ path: events, texts: ["age"] })).rejects.toThrow(/no row per user/);
  });
});
