import { stat } from "node:fs/promises";
import type { Catalogue } from "@nightbeam/catalogue";
import { listsDigest, type Recommendation, readRecommendationFile } from "@nightbeam/dataset";
import { type LeafLists, LeafListsBuilder } from "@nightbeam/decoding";
import { readRecommendations } from "@nightbeam/run";

export interface ReadListsOptions {
  /** The catalogue that is searched; items that it does not have are ignored. */
  readonly catalogue: Catalogue;
  /** Which leaves are counted as new. Default: none. */
  readonly isNew?: ((leaf: number) => boolean) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Lists of another recommender, and counts of what they hold. */
export interface ReadLists {
  readonly lists: LeafLists;
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
 * Reads the lists of a finished run's directory, or of a file in the format of a run's lists.
 *
 * @throws DatasetError; the signal's reason
 */
export async function readListsAt(path: string, options: ReadListsOptions): Promise<ReadLists> {
  // The reader refuses a path that does not exist.
  const found = await stat(path).catch(() => undefined);
  const isRun = found?.isDirectory() === true;
  return readLists(isRun ? readRecommendations(path) : readRecommendationFile({ path }), options);
}

/** Streams lists into packed leaves. @throws DatasetError; the signal's reason */
export async function readLists(
  batches: AsyncIterable<readonly Recommendation[]>,
  { catalogue, isNew, signal }: ReadListsOptions,
): Promise<ReadLists> {
  const lists = new LeafListsBuilder();
  const counts = { users: 0, items: 0, unknown: 0, newItems: 0, longest: 0 };
  async function* packed() {
    for await (const recommendations of batches) {
      signal?.throwIfAborted();
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
        lists.add(user, leaves);
        counts.users++;
        counts.items += items.length;
        counts.longest = Math.max(counts.longest, leaves.size);
      }
      yield recommendations;
    }
  }
  // The digest consumes the stream, so lists are read once.
  const digest = await listsDigest(packed());
  return { lists: lists.finish(), digest, ...counts };
}
