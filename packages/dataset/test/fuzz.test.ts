import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encodePrepared } from "@nightbeam/catalogue";
import { fuzzRuns, mutated } from "@nightbeam/testing";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readAllowLists, readUserGroups } from "../src/catalogues/allow-lists.js";
import { readItemList, readItemOrder } from "../src/catalogues/item-list.js";
import { openCatalogue } from "../src/catalogues/open-catalogue.js";
import { readHistories } from "../src/histories/read-histories.js";
import { readRecommendationFile } from "../src/recommendations/read-part.js";
import { writePart } from "../src/recommendations/write-part.js";
import { readMetadata } from "../src/teacher/safetensors.js";

const dir = mkdtempSync(join(tmpdir(), "fuzz-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const INDEX = '{"7": ["<a_1>", "<b_2>"], "x é": ["<a_1>", "<b_3>"]}';
const TABLE = "item_id,c0,c1\n7,1,2\n8,1,3\n";
const ROWS = '{"user":"u1","history":["7","8"]}\n{"user":"u2","history":[1,2]}\n';
const EVENTS = "user,item,time\nu1,7,2026-01-01T00:00:00Z\nu1,8,1700000000\nu2,7,2026-01-02\n";
const HEADER =
  '{"__metadata__":{"target":"abc"},"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}  ';

let slowest = 0;

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rows);
}

async function made(name: string): Promise<Uint8Array> {
  const items = [{ item: "7", score: -1, logProb: -1, codes: [1, 2] }];
  const recommendations = [{ user: "u1", items }];
  const format = name.endsWith("parquet") ? "parquet" : "jsonl";
  const { file } = await writePart({ directory: dir, name, format, recommendations });
  return readFile(join(dir, file));
}

const prepared = async () => {
  const path = join(dir, "valid.json");
  writeFileSync(path, INDEX);
  return encodePrepared(await openCatalogue(path));
};
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(HEADER.length));

describe("a damaged file is read, or refused in words", () => {
  it.each<
    [string, () => Uint8Array | Promise<Uint8Array>, (path: string) => Promise<unknown>, number]
  >([
    ["index.json", () => Buffer.from(INDEX), openCatalogue, 15],
    ["index.json.gz", () => gzipSync(INDEX), openCatalogue, 15],
    ["table.csv", () => Buffer.from(TABLE), openCatalogue, 15],
    [
      "table.jsonl",
      () => Buffer.from('{"item":"7","c0":1,"c1":2}\n{"item":"8","c0":1,"c1":3}\n'),
      openCatalogue,
      15,
    ],
    [
      "array.json",
      () => Buffer.from('[{"item":"7","codes":[1,2]},["8",["<a_1>","<b_1>"]]]'),
      openCatalogue,
      15,
    ],
    [
      "info.txt",
      () => Buffer.from("<a_1><b_2>\ttitle\t7\n<a_1><b_3>\ttitle\t8\n"),
      openCatalogue,
      15,
    ],
    ["prepared.bin", prepared, openCatalogue, 15],
    ["items.txt", () => Buffer.from("7\n8\n9\n"), readItemList, 15],
    ["items.json", () => Buffer.from('["7", 8, "9"]'), readItemList, 15],
    ["order.csv", () => Buffer.from("item_id,count\n7,3\n8,2.5\n"), readItemOrder, 15],
    ["lists.json", () => Buffer.from('{"DE": ["7", 8], "kids": []}'), readAllowLists, 15],
    ["lists.csv", () => Buffer.from("group,item_id\nDE,7\nDE,8\n"), readAllowLists, 15],
    [
      "groups.csv",
      () => Buffer.from('user,group\nu1,DE\nu2,"[""a"", ""b""]"\n'),
      readUserGroups,
      15,
    ],
    ["rows.jsonl", () => Buffer.from(ROWS), (path) => drain(readHistories({ path })), 8],
    ["events.csv", () => Buffer.from(EVENTS), (path) => drain(readHistories({ path })), 8],
    [
      "part.parquet",
      () => made("valid.parquet"),
      (path) => drain(readRecommendationFile({ path })),
      15,
    ],
    ["part.jsonl", () => made("valid"), (path) => drain(readRecommendationFile({ path })), 15],
    [
      "teacher.safetensors",
      () => Buffer.concat([length, Buffer.from(HEADER), Buffer.alloc(8)]),
      readMetadata,
      15,
    ],
  ])(
    "%s",
    async (name, valid, read, usual) => {
      const path = join(dir, `fuzzed-${name}`);
      await fc.assert(
        fc.asyncProperty(mutated(await valid()), async (bytes) => {
          writeFileSync(path, bytes);
          const started = performance.now();
          try {
            await read(path);
          } catch (error) {
            expect(["DatasetError", "StoreError", "CatalogueError"]).toContain(
              error instanceof Error ? error.name : String(error),
            );
          }
          slowest = Math.max(slowest, performance.now() - started);
        }),
        { numRuns: fuzzRuns(usual) },
      );
      if (process.env.NIGHTBEAM_FUZZ !== undefined)
        console.log(name, fuzzRuns(usual), Math.round(slowest));
    },
    600_000,
  );
});
