import { RecommendError } from "../errors.js";
import { type ReadLists, type ReadListsOptions, readListsAt } from "./read-lists.js";

/**
 * Items that others propose for users, from a file of lists or a finished run's directory.
 *
 * @throws RecommendError BAD_CANDIDATES where the searched catalogue has none of them; DatasetError;
 * the signal's reason
 */
export async function openCandidates(path: string, options: ReadListsOptions): Promise<ReadLists> {
  const read = await readListsAt(path, options);
  if (read.unknown < read.items) return read;
  const found =
    read.items === 0 ? "it has no items" : `of its ${read.items} items the catalogue has none`;
  throw new RecommendError(
    "BAD_CANDIDATES",
    `\`candidates\` ${path}: ${found}; give lists of items of this \`catalogue\` that \`allow\` and \`block\` leave in`,
  );
}
