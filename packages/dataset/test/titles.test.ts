import { gzipSync } from "node:zlib";
import { put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { readTitles } from "../src/index.js";
import { runSql } from "./run-sql.js";

const tempDir = useTempDirs();
const WANTED = { 7: "Loose leaf tea, 250 g", "9b": "Teapot" };
const file = (name: string, content: string | Buffer) => put(tempDir(), name, content);

describe("titles", () => {
  it.each([
    ["titles.json", JSON.stringify(WANTED)],
    [
      "items.jsonl",
      '{"item":7,"name":"Loose leaf tea, 250 g","category":["Tea"]}\n{"item":"9b","name":"Teapot"}\n',
    ],
    ["items.csv", 'item_id,brand,Title\n7,x,"Loose leaf tea, 250 g"\n9b,y,Teapot\n8,z,\n'],
    ["items.tsv", "asin\tname\n7\tLoose leaf tea, 250 g\n9b\tTeapot\n"],
    [
      "items.jsonl.gz",
      gzipSync('{"id":"7","title":"Loose leaf tea, 250 g"}\n{"id":"9b","title":" Teapot "}'),
    ],
  ])("are read from %s", async (name, content) => {
    expect(Object.fromEntries(await readTitles(file(name, content)))).toEqual(WANTED);
  });

  it("are read from Parquet", async () => {
    const path = `${tempDir()}/items.parquet`;
    const rows = "VALUES ('7', 'Loose leaf tea, 250 g'), ('9b', 'Teapot'), ('8', NULL)";
    await runSql(
      `COPY (SELECT * FROM (${rows}) AS t(item_id, title)) TO '${path}' (FORMAT parquet)`,
    );
    expect(Object.fromEntries(await readTitles(path))).toEqual(WANTED);
  });

  it.each([
    ["titles.json", "[1]", "it is not a JSON object"],
    ["titles.json", "{", "titles.json: "],
    ["titles.json", '{"7":{"en":"Tea"}}', 'key "7": the title of item "7" is'],
    ["titles.json", "{}", "there is no title in it"],
    [
      "items.csv",
      "item_id,brand\n7,x\n",
      'has no column of titles, such as title; it has "item_id", "brand"',
    ],
    ["items.csv", "who,title\n7,x\n", "has no column of item ids, such as item_id"],
    ["items.jsonl", '{"item":7,"name":"Tea"}\n{"item":', "line 2: not valid JSON"],
    ["items.jsonl", '{"item":7,"name":["Tea"]}', 'line 1: the title of item "7" is'],
    ["items.jsonl", '{"item":null,"name":"Tea"}', "line 1: "],
    ["titles.xyz", "", "its extension is not known"],
  ])("in %s that hold %s name what is wrong", async (name, content, message) => {
    await expect(readTitles(file(name, content))).rejects.toThrow(message);
  });
});
