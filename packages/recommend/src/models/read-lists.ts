import { stat } from "node:fs/promises";
import type { Catalogue } from "@nightbeam/catalogue";
import { listsDigest, type Recommendation, readRecommendationFile } from "@nightbeam/dataset";
import { type LeafLists, LeafListsBuilder } from "@nightbeam/decoding";
import { readRecommendations } from "@nightbeam/run";

export interface ReadListsOptions {
  /** The catalogue that is searched: items that are not in it are passed over. */
  readonly catalogue: Catalogue;
  readonly signal?: AbortSignal | undefined;
}

/** Lists that others made, and what was found while reading them. */
export interface ReadLists {
  readonly lists: LeafLists;
  /** SHA-256 in hex over users, items and their order, whatever file they stand in. */
  readonly digest: string;
  readonly users: number;
  /** Items of all lists. */
  readonly items: number;
  /** Of these, the ones that the searched catalogue does not have. */
  readonly unknown: number;
}

/**
 * The lists of a finished run's directory, or of a file that is written as a run's lists are.
 *
 * @throws DatasetError; the signal's reason
 */
export async function readListsAt(path: string, options: ReadListsOptions): Promise<ReadLists> {
  // What is not there is left to the reader to refuse.
  const found = await stat(path).catch(() => undefined);
  const isRun = found?.isDirectory() === true;
  return readLists(isRun ? readRecommendations(path) : readRecommendationFile({ path }), options);
}

/** Streams lists into packed leaves. @throws DatasetError; the signal's reason */
export async function readLists(
  batches: AsyncIterable<readonly Recommendation[]>,
  { catalogue, signal }: ReadListsOptions,
): Promise<ReadLists> {
  const lists = new LeafListsBuilder();
  const counts = { users: 0, items: 0, unknown: 0 };
  async function* packed() {
    for await (const recommendations of batches) {
      signal?.throwIfAborted();
      for (const { user, items } of recommendations) {
        const leaves = new Set<number>();
        for (const { item } of items) {
          const index = catalogue.itemIndex(item);
          if (index === undefined) counts.unknown++;
          else leaves.add(catalogue.leafOf(index));
        }
        lists.add(user, leaves);
        counts.users++;
        counts.items += items.length;
      }
      yield recommendations;
    }
  }
  // The digest draws the lists through: they are read once.
  const digest = await listsDigest(packed());
  return { lists: lists.finish(), digest, ...counts };
}
