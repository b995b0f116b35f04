import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPrices } from "../src/prices.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "nightbeam-prices-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function pricesIn(text: string): Promise<unknown> {
  const path = join(directory, "prices.json");
  await writeFile(path, text);
  return readPrices(path);
}

test("readPrices returns the prices of the file, and none without a file", async () => {
  const prices = { currency: "USD", perHour: { drafter: 0.05, verifier: 1.2 } };
  expect(await pricesIn(JSON.stringify(prices))).toEqual(prices);
  expect(await readPrices(undefined)).toBeUndefined();
});

test.each([
  [`root:x:0:0:${"s3cret".repeat(20)}`, /is not JSON: .*Write it as \{ "currency"/],
  [
    '{ "currency": "USD", "perHour": { "drafter": -1 } }',
    /perHour\.drafter: .*perHour\.verifier: /,
  ],
  [
    '{ "currency": "USD", "perHour": { "drafter": 1, "verifier": 1 }, "gpu": 1 }',
    /unknown key "gpu"/,
  ],
])("readPrices refuses %s with its place, and without its content", async (text, message) => {
  const error = await pricesIn(text).catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(message);
  expect(String(error)).toContain("--prices");
  expect(String(error)).not.toContain("s3crets3crets3crets3crets3crets3cret");
});
