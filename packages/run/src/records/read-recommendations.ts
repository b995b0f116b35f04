import { join } from "node:path";
import type { EngineOptions, Recommendation, RecommendationFile } from "@nightbeam/dataset";
import { readRecommendationFiles } from "@nightbeam/dataset";
import { fileSize, fingerprint } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { directoryJournal } from "./journal.js";
import type { Manifest } from "./records.js";
import { MANIFEST_FILE } from "./run-files.js";

/** Reads the manifest of a complete run. @throws RunError RUN_INCOMPLETE, RUN_DAMAGED */
export async function readManifest(dir: string): Promise<Manifest> {
  const manifest = await directoryJournal(dir).readManifest();
  if (manifest !== undefined) return manifest;
  throw new RunError(
    "RUN_INCOMPLETE",
    `${join(dir, MANIFEST_FILE)} is not there: no complete run is in ${dir}. ` +
      "Let the run finish, or name the directory of another.",
  );
}

/**
 * Streams the recommendations of a complete run, in the order of its input rows, in batches. The
 * manifest alone says which files count; each is held against the size that it states, with
 * `verify` also against its hash.
 *
 * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED, UNREADABLE
 */
export async function* readRecommendations(
  dir: string,
  options: { readonly verify?: boolean; readonly engine?: EngineOptions } = {},
): AsyncGenerator<Recommendation[]> {
  const manifest = await readManifest(dir);
  yield* readRecommendationFiles(partFiles(dir, manifest, options.verify === true), options.engine);
}

/** The files of a run, each checked when its turn comes. */
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
        `${path} is not the file that the manifest names. Restore it, or make the run again elsewhere.`,
      );
    }
    yield { path, format };
  }
}
