import type { Catalogue } from "@nightbeam/catalogue";
import { excerpt } from "@nightbeam/catalogue";
import { type HistoryRow, readItemOrder } from "@nightbeam/dataset";
import { RecommendError } from "../errors.js";

/** Which items of one code path come first: those with the higher weight; equal ones by id. Shape [items]. */
export type ItemWeights = Float64Array;

export interface ItemOrderOptions {
  /** `histories`, a file as `readItemOrder` reads it, or ids, best first. Default: by id. */
  readonly itemOrder: string | readonly string[] | undefined;
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  /** The rows of the run. */
  readonly histories: () => AsyncIterable<readonly HistoryRow[]>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the order of items that share a code path: from a file, or by how often they occur in the run's histories. Items
 * that the file does not have come last.
 *
 * @returns undefined for the order by id
 * @throws RecommendError BAD_ITEM_ORDER if the catalogue has none of the items; DatasetError; the signal's reason
 */
export async function readItemWeights(options: ItemOrderOptions): Promise<ItemWeights | undefined> {
  const { itemOrder, catalogue } = options;
  if (itemOrder === undefined) return undefined;
  if (itemOrder === "histories") return countsOf(options);
  const ids = typeof itemOrder === "string" ? await readItemOrder(itemOrder) : itemOrder;
  const weights = new Float64Array(catalogue.itemCount).fill(Number.NEGATIVE_INFINITY);
  let known = 0;
  for (const [place, id] of ids.entries()) {
    const index = catalogue.itemIndex(id);
    if (index === undefined) continue;
    known++;
    weights[index] = Math.max(weights[index] ?? 0, -place);
  }
  if (known > 0) return weights;
  const [first] = ids;
  const found =
    first === undefined
      ? "it is empty"
      : `of its ${ids.length} items, such as ${excerpt(first)}, the catalogue has none`;
  const name = typeof itemOrder === "string" ? itemOrder : "as a list";
  throw new RecommendError(
    "BAD_ITEM_ORDER",
    `\`itemOrder\` ${name}: ${found}; give a file with an item of the \`catalogue\` per line, or a column item_id`,
  );
}

/** How often items occur in the histories, repetitions included. */
async function countsOf({ catalogue, histories, signal }: ItemOrderOptions): Promise<ItemWeights> {
  const counts = new Float64Array(catalogue.itemCount);
  for await (const rows of histories()) {
    signal?.throwIfAborted();
    for (const row of rows) {
      if (row.kind !== "history") continue;
      for (const id of row.items) {
        const index = catalogue.itemIndex(id);
        if (index !== undefined) counts[index] = (counts[index] ?? 0) + 1;
      }
    }
  }
  return counts;
}
