import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type DuckDbOptions,
  type Recommendation,
  type RecommendationFile,
  readRecommendationFiles,
} from "@nightbeam/dataset";
import { fileSize, fingerprint } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { directoryJournal } from "./journal.js";
import { MANIFEST_FILE, PLAN_FILE, REQUEST_FILE } from "./names.js";
import type { Manifest } from "./records.js";

/** Reads the manifest of a complete run. @throws RunError RUN_INCOMPLETE, RUN_DAMAGED */
export async function readManifest(dir: string): Promise<Manifest> {
  const manifest = await directoryJournal(dir).readManifest();
  if (manifest !== undefined) return manifest;
  throw new RunError(
    "RUN_INCOMPLETE",
    `${join(dir, MANIFEST_FILE)} does not exist: ${dir} does not hold a complete run. ` +
      "Let the run finish, or name the directory of another.",
  );
}

/** Whether a directory holds a run, complete or not. */
export async function holdsRun(dir: string): Promise<boolean> {
  const found = await stat(dir).catch(() => undefined);
  if (found?.isDirectory() !== true) return false;
  const names = [MANIFEST_FILE, PLAN_FILE, REQUEST_FILE];
  const sizes = await Promise.all(names.map((name) => fileSize(join(dir, name))));
  return sizes.some((size) => size !== undefined);
}

/**
 * Streams the recommendations of a complete run in batches, in the order of its input rows. The
 * manifest alone decides which files are read. The size of each is checked against the manifest, and
 * with `verify` its hash as well.
 *
 * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED, UNREADABLE
 */
export async function* readRecommendations(
  dir: string,
  options: { readonly verify?: boolean; readonly duckdb?: DuckDbOptions } = {},
): AsyncGenerator<Recommendation[]> {
  const manifest = await readManifest(dir);
  yield* readRecommendationFiles(partFiles(dir, manifest, options.verify === true), options.duckdb);
}

/** The part files of a run, each checked just before it is read. */
async function* partFiles(
  dir: string,
  { format, parts }: Manifest,
  verify: boolean,
): AsyncGenerator<RecommendationFile> {
  for (const part of parts) {
    const path = join(dir, part.file);
    const sameSize = (await fileSize(path)) === part.bytes;
    if (!sameSize || (verify && (await fingerprint(path)).sha256 !== part.sha256)) {
      throw new RunError(
        "RUN_DAMAGED",
        `${path} is not the file that the manifest names. Restore it, or repeat the run in another directory.`,
      );
    }
    yield { path, format };
  }
}
