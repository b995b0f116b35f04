import { type Catalogue, findPrefix, leafRange, pathOf } from "@nightbeam/catalogue";
import { type HistoryColumns, readHistories } from "@nightbeam/dataset";
import { RecommendError } from "../errors.js";

/**
 * Reads the histories that the target was trained on, and returns which code paths it does not know: those none of
 * whose items is in a history. Items that a filter leaves out count too, as the target was trained on their paths.
 *
 * @returns whether a leaf of the searched catalogue has new items alone
 * @throws RecommendError BAD_CANDIDATES if no item of the histories is in the catalogue; DatasetError; the signal's
 * reason
 */
export async function readNewItems(
  trainedOn: string,
  options: {
    readonly columns: HistoryColumns | undefined;
    /** The catalogue without a filter. */
    readonly historyCatalogue: Catalogue;
    /** The catalogue that is searched. */
    readonly searched: Catalogue;
    readonly signal: AbortSignal;
  },
): Promise<(leaf: number) => boolean> {
  const { columns, historyCatalogue, searched, signal } = options;
  const trained = new Set<number>();
  for await (const rows of readHistories({ path: trainedOn, columns })) {
    signal.throwIfAborted();
    for (const row of rows) {
      if (row.kind === "rejected") continue;
      for (const item of row.items) {
        const index = historyCatalogue.itemIndex(item);
        if (index !== undefined) trained.add(historyCatalogue.leafOf(index));
      }
    }
  }
  if (trained.size === 0) {
    throw new RecommendError(
      "BAD_CANDIDATES",
      `\`trainedOn\` ${trainedOn}: none of its items is in the \`catalogue\`; give the histories that the target was trained on`,
    );
  }
  const known = new Set<number>();
  for (const leaf of trained) {
    // A searched catalogue can have levels more, with one child per node.
    const node = findPrefix(searched.trie, pathOf(historyCatalogue.trie, leaf));
    if (node >= 0) known.add(leafRange(searched.trie, node).first);
  }
  return (leaf) => !known.has(leaf);
}
