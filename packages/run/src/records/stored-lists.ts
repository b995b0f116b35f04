import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  type PartFormat,
  type Recommendation,
  type RecommendationFile,
  readRecommendationFiles,
} from "@nightbeam/dataset";
import { parseLocation, type ShardStore, storeFailed } from "@nightbeam/store";
import { mapAtMost } from "./map-at-most.js";

export interface StoredListsOptions<Part extends { readonly file: string }> {
  readonly parts: readonly Part[];
  readonly format: PartFormat;
  /** Reads only this user's list. Default: all. */
  readonly user?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Refuses a part's file, of which it gets the path on this machine, before it is read. Default: none is refused. */
  readonly check?: (part: Part, path: string) => Promise<void>;
}

/** Parts that are fetched from a bucket at the same time. */
const FETCHED_AT_ONCE = 16;

/**
 * Streams the lists of parts of a run, finished or not, in batches, in the order of the parts. Files of a bucket are
 * copied to this machine while they are read.
 *
 * @throws StoreError; DatasetError UNREADABLE; the signal's reason
 */
export async function* readStoredLists<Part extends { readonly file: string }>(
  store: ShardStore,
  options: StoredListsOptions<Part>,
): AsyncGenerator<{ readonly part: Part; readonly lists: readonly Recommendation[] }> {
  const { parts, format, user, signal, check } = options;
  const scratch = await mkdtemp(join(tmpdir(), "nightbeam-lists-"));
  let current: Part | undefined;
  async function* files(): AsyncGenerator<RecommendationFile> {
    for (let from = 0; from < parts.length; from += FETCHED_AT_ONCE) {
      signal?.throwIfAborted();
      const some = parts.slice(from, from + FETCHED_AT_ONCE);
      const paths = await mapAtMost(some.length, some, ({ file }) =>
        localFile(store, { file, scratch }),
      );
      for (const [at, path] of paths.entries()) {
        current = some[at];
        if (current !== undefined) await check?.(current, path);
        yield { path, format, user };
        if (path.startsWith(scratch)) await rm(path, { force: true });
      }
    }
  }
  try {
    for await (const lists of readRecommendationFiles(files(), undefined)) {
      if (current !== undefined && lists.length > 0) yield { part: current, lists };
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The path of a store's file on this machine; of a bucket's, of a copy. */
async function localFile(
  store: ShardStore,
  { file, scratch }: { readonly file: string; readonly scratch: string },
): Promise<string> {
  if (parseLocation(store.location).kind === "directory") return join(store.location, file);
  const path = join(scratch, basename(file));
  try {
    await pipeline(store.open(file), createWriteStream(path));
  } catch (error) {
    throw storeFailed(path, error);
  }
  return path;
}
