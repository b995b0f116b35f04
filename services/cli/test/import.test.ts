import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readHistories } from "@nightbeam/dataset";
import { nightbeam, refusal, succeed } from "@nightbeam/testing/command";
import { afterAll, beforeAll, expect, it } from "vitest";

let dir = "";
let reviews = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "nightbeam-import-"));
  reviews = join(dir, "reviews_Made_Up.json.gz");
  const rows = Array.from({ length: 50 }, (_, place) => ({
    reviewerID: `u${place % 5}`,
    asin: `i${Math.floor(place / 5)}`,
    overall: 5,
    unixReviewTime: 1_000 + place,
  }));
  writeFileSync(reviews, gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join("")));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("writes what the other commands read", async () => {
  const out = join(dir, "out");
  const { stdout } = await succeed("import", "amazon", "--reviews", reviews, "--out", out);
  expect(stdout).toBe(
    [
      "lines            50, of which 0 invalid ones are in rejected.jsonl",
      "events           50; 0 dropped",
      "users, items     5, 10",
      "histories.jsonl  5 users; their next items are in held-out.jsonl",
      "train.jsonl      0 other users",
      "items.jsonl      10 items without a name",
      `wrote them to ${out}`,
      "",
    ].join("\n"),
  );
  expect(readdirSync(out).toSorted()).toEqual(
    ["held-out", "histories", "items", "rejected", "train", "valid"]
      .map((name) => `${name}.jsonl`)
      .concat("import.json")
      .toSorted(),
  );
  for await (const rows of readHistories({ path: join(out, "histories.jsonl") })) {
    const items = Array.from({ length: 8 }, (_, item) => `i${item}`);
    expect(rows[0]).toMatchObject({ user: "u0", items: [...items, "i8"] });
  }
  const report: unknown = JSON.parse(readFileSync(join(out, "import.json"), "utf8"));
  expect(report).toMatchObject({ dataSet: "amazon", arguments: { core: 5, split: "8:1:1" } });
});

it("takes what is asked for", async () => {
  const out = join(dir, "other");
  const flags = ["--core", "0", "--split", "5:0:5", "--min-rating", "4.5"];
  await succeed("import", "amazon", "--reviews", reviews, "--out", out, ...flags);
  const held = readFileSync(join(out, "held-out.jsonl"), "utf8");
  expect(held.split("\n")[0]).toBe('{"user":"u0","history":["i5","i6","i7","i8","i9"]}');
});

it("names what is wrong", async () => {
  const out = join(dir, "none");
  const given = ["--reviews", reviews, "--out", out];
  expect(await refusal("import", "amazon", "--out", out)).toBe("error: --reviews is required\n");
  expect(await refusal("import", "amazon", ...given, "--split", "0:1:1")).toContain(
    "--split 0:1:1: give train, valid and test, such as 8:1:1",
  );
  expect(await refusal("import", "movielens", "--data", dir, "--out", out)).toContain(
    "neither ratings.dat nor ratings.csv",
  );
  const few = await nightbeam("import", "amazon", ...given, "--core", "11");
  expect(few).toMatchObject({ code: 1, stdout: "" });
  expect(few.stderr).toContain("no event is left");
});
