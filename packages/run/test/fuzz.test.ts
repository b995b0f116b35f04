import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryStore } from "@nightbeam/store";
import { fuzzRuns, mutated, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openRun } from "../src/local/open-run.js";
import type { RunPlan } from "../src/plan.js";
import { readManifest } from "../src/records/read-recommendations.js";
import { finishRun } from "../src/shards/finish-run.js";
import { runState } from "../src/shards/read-state.js";

const tempDir = useTempDirs();
const PLAN: RunPlan = {
  format: "jsonl",
  partSize: 2,
  firstRow: 0,
  inputRows: 2,
  versions: { target: "abc" },
  arguments: { topK: 10 },
};

describe("a damaged record of a run is read, or refused in words", () => {
  it.each<[string, (dir: string) => Promise<unknown>]>([
    ["plan.json", (dir) => runState(directoryStore(dir))],
    ["commits/part-00000.json", (dir) => finishRun(directoryStore(dir))],
    ["manifest.json", readManifest],
  ])(
    "%s",
    async (name, read) => {
      const dir = tempDir();
      const run = await openRun({ dir, plan: PLAN });
      const items = [{ item: "7", score: -1, logProb: -1, codes: [1, 2] }];
      const recommendations = ["a", "b"].map((user) => ({ user, items }));
      await run.commitPart({ index: 0, rowCount: 2, recommendations, rejected: [], stats: {} });
      await run.finish();
      await run.close();
      const path = join(dir, name);
      const valid = readFileSync(path);
      if (name.startsWith("commits")) writeFileSync(join(dir, "manifest.json"), "");
      await fc.assert(
        fc.asyncProperty(mutated(valid), async (bytes) => {
          writeFileSync(path, bytes);
          try {
            await read(dir);
          } catch (error) {
            expect(["RunError", "StoreError"]).toContain(
              error instanceof Error ? error.name : error,
            );
          }
        }),
        { numRuns: fuzzRuns(40) },
      );
    },
    600_000,
  );
});
