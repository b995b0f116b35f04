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
import type { RunPlan } from "../plan.js";
import { storeJournal } from "./journal.js";
import { mapAtMost } from "./map-at-most.js";
import { readPartRows } from "./read-part-rows.js";
import { readSearches } from "./read-searches.js";
import type { PartRecord } from "./records.js";
import type { SearchRecord } from "./search-record.js";

/** What a run says about one user. */
export interface FoundUser {
  /** The part that has the list, from 0. */
  readonly part: number;
  readonly list: Recommendation;
  /** The items of the user's row, oldest first; undefined if they cannot be read any more. */
  readonly history: readonly string[] | undefined;
  /** How the user's search went; undefined if it was not recorded. */
  readonly search: SearchRecord | undefined;
}

type Part = Pick<PartRecord, "file" | "firstRow" | "rowCount" | "searches">;

/** Parts that are fetched from a bucket at the same time. */
const FETCHED_AT_ONCE = 16;

/**
 * Finds a user among the lists of a run, finished or not. Parts are not sorted by user: all of them are looked through
 * until the list is found. Of a user with several lists, it is the first.
 *
 * @returns undefined if no committed part has a list of the user
 * @throws RunError STORE_DAMAGED; StoreError; DatasetError UNREADABLE; the signal's reason
 */
export async function findUser(
  store: ShardStore,
  user: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<FoundUser | undefined> {
  const journal = storeJournal(store);
  const plan = await journal.readPlan();
  if (plan === undefined) return undefined;
  const manifest = await journal.readManifest();
  const parts: readonly Part[] = manifest?.parts ?? (await journal.readCommits());
  const found = await findList(store, { user, parts, format: plan.format, ...options });
  const part = found === undefined ? undefined : parts[found.part];
  if (found === undefined || part === undefined) return undefined;
  const search = (await readSearches(store, part)).find((one) => one.user === user);
  const history = search?.history ?? (await historyOf(store, { user, plan, part }));
  return { part: found.part, list: found.list, history, search };
}

async function historyOf(
  store: ShardStore,
  { user, plan, part }: { readonly user: string; readonly plan: RunPlan; readonly part: Part },
): Promise<readonly string[] | undefined> {
  const origin = await storeJournal(store).readOrigin();
  const rows = (await readPartRows(store, { plan, origin, part })) ?? [];
  const own = rows.flatMap((row) => (row.kind === "history" && row.user === user ? [row] : []));
  return (plan.arguments.duplicateUsers === "first" ? own[0] : own.at(-1))?.items;
}

async function findList(
  store: ShardStore,
  wanted: {
    readonly user: string;
    readonly parts: readonly Part[];
    readonly format: PartFormat;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<{ readonly part: number; readonly list: Recommendation } | undefined> {
  const { user, parts, format, signal } = wanted;
  const scratch = await mkdtemp(join(tmpdir(), "nightbeam-find-"));
  let part = 0;
  async function* files(): AsyncGenerator<RecommendationFile> {
    for (let from = 0; from < parts.length; from += FETCHED_AT_ONCE) {
      signal?.throwIfAborted();
      const some = parts.slice(from, from + FETCHED_AT_ONCE);
      const paths = await mapAtMost(some.length, some, ({ file }) =>
        localFile(store, { file, scratch }),
      );
      for (const [at, path] of paths.entries()) {
        part = from + at;
        yield { path, format, user };
        if (path.startsWith(scratch)) await rm(path, { force: true });
      }
    }
  }
  try {
    for await (const [list] of readRecommendationFiles(files(), undefined)) {
      if (list !== undefined) return { part, list };
    }
    return undefined;
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
