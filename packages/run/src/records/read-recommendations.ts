import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type DuckDbOptions,
  type Recommendation,
  type RecommendationFile,
  readRecommendationFiles,
} from "@nightbeam/dataset";
import { fileSize, fingerprint, openStore, parseLocation } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { directoryJournal, openJournal } from "./journal.js";
import { MANIFEST_FILE, PLAN_FILE, REQUEST_FILE } from "./names.js";
import type { Manifest } from "./records.js";
import { readStoredLists } from "./stored-lists.js";

/**
 * Reads the manifest of a complete run.
 *
 * @param dir its directory, or `s3://bucket/prefix`
 * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED; StoreError of a bucket
 */
export async function readManifest(dir: string): Promise<Manifest> {
  const manifest = await manifestAt(dir);
  if (manifest !== undefined) return manifest;
  throw new RunError(
    "RUN_INCOMPLETE",
    `${dir}/${MANIFEST_FILE} does not exist: ${dir} does not hold a complete run. ` +
      "Let the run finish, or name the directory of another.",
  );
}

/** Whether a place holds a run, complete or not: a directory with its files, or a bucket. @throws StoreError BAD_LOCATION */
export async function holdsRun(place: string): Promise<boolean> {
  if (isBucket(place)) return true;
  const found = await stat(place).catch(() => undefined);
  if (found?.isDirectory() !== true) return false;
  const names = [MANIFEST_FILE, PLAN_FILE, REQUEST_FILE];
  const sizes = await Promise.all(names.map((name) => fileSize(join(place, name))));
  return sizes.some((size) => size !== undefined);
}

/**
 * Streams the recommendations of a complete run in batches, in the order of its input rows. The
 * manifest alone decides which files are read. The size of each is checked against the manifest, and
 * with `verify` its hash as well. Files of a bucket are copied to this machine while they are read.
 *
 * @param dir its directory, or `s3://bucket/prefix`
 * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED, UNREADABLE; StoreError of a bucket
 */
export async function* readRecommendations(
  dir: string,
  options: { readonly verify?: boolean; readonly duckdb?: DuckDbOptions } = {},
): AsyncGenerator<Recommendation[]> {
  const { duckdb } = options;
  const check = (part: Part, path: string) =>
    checkPart(part, { ...{ path, dir }, verify: options.verify === true });
  const { parts, format } = await readManifest(dir);
  if (!isBucket(dir)) {
    const files = async function* (): AsyncGenerator<RecommendationFile> {
      for (const part of parts) {
        const path = join(dir, part.file);
        await check(part, path);
        yield { path, format };
      }
    };
    yield* readRecommendationFiles(files(), duckdb);
    return;
  }
  const store = await openStore(dir);
  try {
    for await (const { lists } of readStoredLists(store, { parts, format, check }))
      yield [...lists];
  } finally {
    store.close();
  }
}

type Part = Manifest["parts"][number];

/** Checks a part's file just before it is read. */
async function checkPart(
  part: Part,
  { path, dir, verify }: { readonly path: string; readonly dir: string; readonly verify: boolean },
): Promise<void> {
  const sameSize = (await fileSize(path)) === part.bytes;
  if (sameSize && !(verify && (await fingerprint(path)).sha256 !== part.sha256)) return;
  throw new RunError(
    "RUN_DAMAGED",
    `${dir}/${part.file} is not the file that the manifest names. Restore it, or repeat the run in another directory.`,
  );
}

async function manifestAt(dir: string): Promise<Manifest | undefined> {
  if (!isBucket(dir)) return directoryJournal(dir).readManifest();
  const store = await openStore(dir);
  try {
    return await openJournal(store).readManifest();
  } finally {
    store.close();
  }
}

function isBucket(place: string): boolean {
  return parseLocation(place).kind === "s3";
}
