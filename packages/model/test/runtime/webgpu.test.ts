import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Scoring } from "@nightbeam/decoding";
import { useTempDir } from "@nightbeam/testing";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

/** A Vulkan device in software: `node scripts/swiftshader.mjs` brings it. */
const SWIFTSHADER = fileURLToPath(new URL("../../../../.nightbeam/swiftshader", import.meta.url));
const here = existsSync(SWIFTSHADER);
const SCRIPT = join(import.meta.dirname, "..", "support", "device-lists.mjs");
const SCORINGS: readonly Scoring[] = ["full", "renormalized"];
const PROGRAMS = ["tree-scores", "beam-search", "verify-tree"] as const;
/** The device adds up in another order. */
const TOLERANCE = 1e-4;

if (!here) console.warn("skipping WebGPU: run node scripts/swiftshader.mjs");

interface List {
  readonly prefixes: readonly number[];
  readonly scores: readonly number[];
}

type Lists = Record<string, { readonly processor: List[]; readonly device: List[] }>;

describe.skipIf(!here)("WebGPU", () => {
  const temporary = useTempDir();
  const found: Partial<Record<Scoring, Lists>> = {};
  // Together: a process spends most of its time in the compilation of shaders, on one core.
  beforeAll(async () => {
    const directory = temporary();
    await writeCheckpoint({ directory, seed: 3, config: { levels: 3, codesPerLevel: 24 } });
    await Promise.all(
      SCORINGS.map(async (scoring) => {
        found[scoring] = await searchOnBoth(directory, scoring);
      }),
    );
  }, 300_000);

  describe.each(SCORINGS)("%s scoring", (scoring) => {
    it.each(PROGRAMS)("has the processor's lists by %s", (program) => {
      const { processor = [], device = [] } = found[scoring]?.[program] ?? {};
      expect(device.map(({ prefixes }) => prefixes)).toEqual(
        processor.map(({ prefixes }) => prefixes),
      );
      const scores = processor.flatMap((list) => list.scores);
      const differences = device
        .flatMap((list) => list.scores)
        .map((score, at) => Math.abs(score - (scores[at] ?? Number.NaN)));
      expect(differences).toHaveLength(4 * 6);
      for (const difference of differences) expect(difference).toBeLessThan(TOLERANCE);
      // Had the processor computed these, they would be its own to the last bit.
      expect(Math.max(...differences)).toBeGreaterThan(0);
    });
  });
});

async function searchOnBoth(directory: string, scoring: Scoring): Promise<Lists> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [SCRIPT, directory, scoring, "webgpu"],
    {
      env: {
        ...process.env,
        LD_LIBRARY_PATH: SWIFTSHADER,
        VK_ICD_FILENAMES: join(SWIFTSHADER, "vk_swiftshader_icd.json"),
      },
    },
  );
  return JSON.parse(stdout);
}
