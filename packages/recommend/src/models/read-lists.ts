import type { Catalogue } from "@nightbeam/catalogue";
import {
  inputFiles,
  listsHash,
  type Recommendation,
  readRecommendationFiles,
} from "@nightbeam/dataset";
import { type LeafLists, LeafListsBuilder } from "@nightbeam/decoding";
import { holdsRun, readRecommendations } from "@nightbeam/run";

export interface ReadListsOptions {
  /** The catalogue that is searched; items that it does not have are ignored. */
  readonly catalogue: Catalogue;
  /** Which leaves are counted as new. Default: none. */
  readonly isNew?: ((leaf: number) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What lists of another recommender hold. */
export interface ListCounts {
  /** SHA-256 in hex over users, items and their order, independent of the file format. */
  readonly digest: string;
  readonly users: number;
  /** Items of all lists. */
  readonly items: number;
  /** Items that the searched catalogue does not have. */
  readonly unknown: number;
  /** Items on code paths that are new. */
  readonly newItems: number;
  /** Code paths of the longest list. */
  readonly longest: number;
}

/**
 * Streams the lists of a finished run, in a directory or a bucket, or of files in the format of a run's lists: one file, all
 * files of a directory, or those of a pattern, in the order of their paths.
 *
 * @throws DatasetError; RunError RUN_INCOMPLETE, RUN_DAMAGED
 */
export async function* listsAt(path: string): AsyncGenerator<readonly Recommendation[]> {
  if (await holdsRun(path)) yield* readRecommendations(path);
  else yield* readRecommendationFiles(await inputFiles(path), undefined);
}

/** Reads lists into memory; see `listsAt`. @throws DatasetError, RunError; the signal's reason */
export function readListsAt(
  path: string,
  options: ReadListsOptions,
): Promise<ListCounts & { readonly lists: LeafLists }> {
  return readLists(listsAt(path), options);
}

/** Reads streamed lists into packed leaves. @throws DatasetError; the signal's reason */
export async function readLists(
  batches: AsyncIterable<readonly Recommendation[]>,
  options: ReadListsOptions,
): Promise<ListCounts & { readonly lists: LeafLists }> {
  const lists = new LeafListsBuilder();
  const counts = await scanLists(batches, {
    ...options,
    visit: (user, leaves) => lists.add(user, leaves),
  });
  return { lists: lists.finish(), ...counts };
}

/**
 * Reads streamed lists once and counts what they hold.
 *
 * @param options `visit` is called with each user and the leaves of the list, each once, best first
 * @throws what the stream throws; the signal's reason
 */
export async function scanLists(
  batches: AsyncIterable<readonly Recommendation[]>,
  options: ReadListsOptions & {
    readonly visit?: ((user: string, leaves: ReadonlySet<number>) => void) | undefined;
  },
): Promise<ListCounts> {
  const { catalogue, isNew, signal, visit } = options;
  const hash = listsHash();
  const counts = { users: 0, items: 0, unknown: 0, newItems: 0, longest: 0 };
  for await (const recommendations of batches) {
    signal?.throwIfAborted();
    hash.add(recommendations);
    for (const { user, items } of recommendations) {
      const leaves = new Set<number>();
      for (const { item } of items) {
        const index = catalogue.itemIndex(item);
        if (index === undefined) {
          counts.unknown++;
          continue;
        }
        const leaf = catalogue.leafOf(index);
        leaves.add(leaf);
        if (isNew?.(leaf) === true) counts.newItems++;
      }
      visit?.(user, leaves);
      counts.users++;
      counts.items += items.length;
      counts.longest = Math.max(counts.longest, leaves.size);
    }
  }
  return { digest: hash.digest(), ...counts };
}
