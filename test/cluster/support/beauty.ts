import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runRecommend } from "@nightbeam/testing/recommend";
import { type Lists, readLists } from "./oracle.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface BeautyFiles {
  readonly target: string;
  readonly draft: string;
  readonly catalogue: string;
  /** Writes the histories of the test users, and returns the file's path. */
  writeHistories(directory: string): Promise<string>;
}

/** A real data set and a trained pair of models from outside the repository, if present. */
export function beautyFiles(): BeautyFiles | undefined {
  const shared = process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared");
  const files = {
    target: join(shared, "models", "beauty-target"),
    draft: join(shared, "models", "beauty-draft"),
    catalogue: join(shared, "data", "beauty", "items.index.json"),
  };
  if (!Object.values(files).every((file) => existsSync(file))) return undefined;
  const script = join(root, "bench", "scripts", "beauty-files.mjs");
  return {
    ...files,
    writeHistories: async (directory) => {
      await promisify(execFile)(process.execPath, [script, directory]);
      return join(directory, "histories.jsonl");
    },
  };
}

/** The lists of one machine, without a cluster. */
export async function recommendAlone(
  flags: Readonly<Record<string, unknown>> & { out: string },
): Promise<Lists> {
  await runRecommend(flags);
  return readLists(flags.out);
}
