import { stat } from "node:fs/promises";
import type { Catalogue } from "@nightbeam/catalogue";
import {
  type Recommendation,
  readRecommendationFile,
  readRecommendations,
} from "@nightbeam/dataset";
import { type Drafter, LeafListsBuilder, ListsDrafter } from "@nightbeam/decoding";

interface ListsOptions {
  /** The catalogue that is searched: items that are not in it are passed over. */
  readonly catalogue: Catalogue;
  readonly signal?: AbortSignal | undefined;
}

/** Drafts from the lists of a finished run. @throws DatasetError; the signal's reason */
export function previousDrafter(directory: string, options: ListsOptions): Promise<Drafter> {
  return listsDrafter(readRecommendations(directory), options);
}

/**
 * Drafts from lists that any recommender made, written as a run's lists are: a file, or a finished
 * run's directory.
 *
 * @throws DatasetError; the signal's reason
 */
export async function candidatesDrafter(path: string, options: ListsOptions): Promise<Drafter> {
  // What is not there is left to the reader to refuse.
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return previousDrafter(path, options);
  return listsDrafter(readRecommendationFile({ path }), options);
}

/** Streams lists into packed leaves. */
async function listsDrafter(
  batches: AsyncIterable<readonly Recommendation[]>,
  { catalogue, signal }: ListsOptions,
): Promise<Drafter> {
  const lists = new LeafListsBuilder();
  for await (const recommendations of batches) {
    signal?.throwIfAborted();
    for (const { user, items } of recommendations) {
      const leaves = new Set<number>();
      for (const { item } of items) {
        const index = catalogue.itemIndex(item);
        if (index !== undefined) leaves.add(catalogue.leafOf(index));
      }
      lists.add(user, leaves);
    }
  }
  return new ListsDrafter(lists.finish());
}
