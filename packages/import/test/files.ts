import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImportOptions, ImportReport } from "../src/import-dataset.js";
import { importDataset } from "../src/import-dataset.js";

/** An event as the tests write it. */
export type Row = readonly [user: string, item: string, seconds: number, stars?: number];

export function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

/** Reviews as Amazon's of 2014 and 2018 are written. */
export function reviews(rows: readonly Row[]): string {
  return lines(
    ...rows.map(([reviewerID, asin, unixReviewTime, overall = 5]) =>
      JSON.stringify({ reviewerID, asin, overall, unixReviewTime, reviewText: "…" }),
    ),
  );
}

/** The values of a JSON lines file. */
export function jsonLines(...path: readonly string[]): unknown[] {
  const text = readFileSync(join(...path), "utf8").trim();
  return text === "" ? [] : text.split("\n").map((line): unknown => JSON.parse(line));
}

/** A file of histories as "user: item item". */
export function histories(...path: readonly string[]): string[] {
  return jsonLines(...path).map((row) => {
    const [user, history] = row instanceof Object ? Object.values(row) : [];
    return `${user}: ${Array.isArray(history) ? history.join(" ") : "?"}`;
  });
}

/** Imports into `dir`/out, without a core unless the test asks for one. */
export function importInto(
  dir: string,
  options: Omit<ImportOptions, "out">,
): Promise<ImportReport> {
  return importDataset({ core: 0, ...options, out: join(dir, "out") });
}
