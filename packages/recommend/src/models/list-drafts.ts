import { type Drafter, ListsDrafter } from "@nightbeam/decoding";
import { readRecommendations } from "@nightbeam/run";
import { type ReadListsOptions, readLists, readListsAt } from "./read-lists.js";

/** Drafts from the lists of a finished run. @throws DatasetError; the signal's reason */
export async function previousDrafter(
  directory: string,
  options: ReadListsOptions,
): Promise<Drafter> {
  const { lists } = await readLists(readRecommendations(directory), options);
  return new ListsDrafter(lists);
}

/**
 * Drafts from lists that any recommender made, in the format of a run's lists: a file, or the
 * directory of a finished run.
 *
 * @throws DatasetError; the signal's reason
 */
export async function candidatesDrafter(path: string, options: ReadListsOptions): Promise<Drafter> {
  const { lists } = await readListsAt(path, options);
  return new ListsDrafter(lists);
}
