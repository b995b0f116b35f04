import type { Catalogue } from "@nightbeam/catalogue";
import type { RecommendSettings } from "@nightbeam/settings";
import { RecommendError } from "../errors.js";
import { type ReadLists, readListsAt } from "../models/read-lists.js";
import type { AcceptingOptions } from "../shard/list-decoders.js";
import { readNewItems } from "./trained-items.js";

/** Items that others propose for users. */
export interface RunCandidates {
  /** Hash of the lists, for the plan's versions. */
  readonly version: string;
  /** How they enter the lists. */
  readonly accepting: AcceptingOptions;
  readonly users: number;
  /** Items of all lists. */
  readonly items: number;
  /** Items that are ignored because the searched catalogue does not have them. */
  readonly unknown: number;
  /** Items of all lists that are new; undefined without a threshold of their own. */
  readonly newItems: number | undefined;
  /** Settings that change nothing, for people: with keys in backticks. */
  readonly notes: readonly string[];
}

/**
 * Reads the candidates of a run from a file of lists or a finished run's directory; undefined if the
 * settings name none.
 *
 * @throws RecommendError BAD_CANDIDATES if the searched catalogue has none of them, or none of the items that the target
 * was trained on; DatasetError, RunError; the signal's reason
 */
export async function readCandidates(
  settings: Pick<
    RecommendSettings,
    | ("candidates" | "acceptAbove" | "acceptNewAbove" | "trainedOn" | "candidatesPerLevel")
    | ("topK" | "columns")
  >,
  options: {
    /** The catalogue that histories are written in. */
    readonly historyCatalogue: Catalogue;
    readonly searched: Catalogue;
    readonly signal: AbortSignal;
  },
): Promise<RunCandidates | undefined> {
  const { candidates: path, acceptAbove: threshold, acceptNewAbove, trainedOn } = settings;
  const { topK: places, candidatesPerLevel: perLevel, columns } = settings;
  if (path === undefined || threshold === undefined) return undefined;
  const isNew =
    trainedOn === undefined ? undefined : await readNewItems(trainedOn, { ...options, columns });
  const { searched: catalogue, signal } = options;
  const read = await readListsAt(path, { catalogue, isNew, signal });
  const { lists, digest, users, items, unknown } = read;
  if (unknown >= items) {
    const found = items === 0 ? "it has no items" : `of its ${items} items the catalogue has none`;
    throw new RecommendError(
      "BAD_CANDIDATES",
      `\`candidates\` ${path}: ${found}; give lists of items of this \`catalogue\` that \`allow\` and \`block\` leave in`,
    );
  }
  const candidatesFor: AcceptingOptions["candidatesFor"] = ({ name }) =>
    name === undefined ? undefined : lists.of(name);
  const newItems =
    isNew === undefined || acceptNewAbove === undefined
      ? undefined
      : { threshold: acceptNewAbove, isNew };
  return {
    version: digest,
    accepting: { candidatesFor, threshold, newItems, perLevel, places },
    ...{ users, items, unknown },
    newItems: newItems === undefined ? undefined : read.newItems,
    notes: uselessSettings(settings, read),
  };
}

/** Says which settings make no difference to these lists. */
function uselessSettings(
  settings: Pick<RecommendSettings, "acceptAbove" | "acceptNewAbove" | "candidatesPerLevel">,
  lists: Pick<ReadLists, "items" | "unknown" | "newItems" | "longest">,
): string[] {
  const { acceptAbove, acceptNewAbove, candidatesPerLevel: perLevel } = settings;
  const { items, unknown, newItems, longest } = lists;
  const notes: string[] = [];
  if (acceptNewAbove !== undefined && newItems === 0)
    notes.push(
      `\`acceptNewAbove\` ${acceptNewAbove} changes nothing: all proposed items are in \`trainedOn\`.`,
    );
  if (acceptNewAbove !== undefined && newItems === items - unknown)
    notes.push(`\`acceptAbove\` ${acceptAbove} changes nothing: all proposed items are new.`);
  if (perLevel !== undefined && perLevel >= longest)
    notes.push(
      `\`candidatesPerLevel\` ${perLevel} changes nothing: no list has more than ${longest} candidates, so the first level checks all.`,
    );
  return notes;
}
