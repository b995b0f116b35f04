import { readFile } from "node:fs/promises";
import { DEFAULTS } from "@nightbeam/settings";
import { expect, it } from "vitest";
import { recommenderFields } from "../src/recommender/recommender-settings.js";

it("the guide to the library has every setting with its default", async () => {
  const guide = new URL("../../../docs/guides/library.md", import.meta.url);
  const rows = (await readFile(guide, "utf8")).split("\n").filter((line) => line.startsWith("| `"));
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  const defaults = new Map<string, unknown>(Object.entries(DEFAULTS));
  for (const key of Object.keys(recommenderFields.shape)) {
    const [, keys = "", usual = ""] = cells.find((row) => row[1]?.includes(`\`${key}\``)) ?? [];
    expect(keys, `a row for ${key}`).toContain(key);
    const value = defaults.get(key);
    if (value !== undefined) expect(usual, key).toContain(String(value));
  }
});
