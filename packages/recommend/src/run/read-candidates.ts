import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import type { ProposedCounts } from "@nightbeam/run";
import type { RecommendSettings } from "@nightbeam/settings";
import { RecommendError } from "../errors.js";
import { type ListCounts, readListsAt } from "../models/read-lists.js";
import type { AcceptingOptions } from "../shard/list-decoders.js";
import { readNewItems } from "./trained-items.js";

/** The settings of candidates. */
export type CandidateSettings = Pick<
  RecommendSettings,
  | ("candidates" | "acceptAbove" | "acceptNewAbove" | "trainedOn" | "candidatesPerLevel")
  | ("topK" | "columns")
>;

export interface CandidateCatalogues {
  /** The catalogue that histories are written in. */
  readonly historyCatalogue: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
}

/** What is known of the candidates of a run once they are read. */
export interface CandidateFacts {
  /** Hash of the lists, for the plan's versions. */
  readonly version: string;
  readonly counts: ProposedCounts;
  /** Settings that change nothing, for people: with keys in backticks. */
  readonly notes: readonly string[];
}

/** Items that others propose for users, in memory. */
export interface RunCandidates extends CandidateFacts {
  /** How they enter the lists. */
  readonly accepting: AcceptingOptions;
  /** Whether a user has a list. */
  has(user: string): boolean;
}

/**
 * Reads the candidates of a run, from where `listsAt` finds them; undefined if the settings name none.
 *
 * @throws RecommendError BAD_CANDIDATES if the searched catalogue has none of them, or none of the items that the target
 * was trained on; DatasetError, RunError; the signal's reason
 */
export async function readCandidates(
  settings: CandidateSettings,
  options: CandidateCatalogues & { readonly signal: AbortSignal },
): Promise<RunCandidates | undefined> {
  const { candidates: path } = settings;
  if (path === undefined) return undefined;
  const { searched: catalogue, signal } = options;
  const isNew = await newItemsOf(settings, options);
  const read = await readListsAt(path, { catalogue, isNew, signal });
  const candidatesFor: AcceptingOptions["candidatesFor"] = ({ name }) =>
    name === undefined ? undefined : read.lists.of(name);
  return {
    ...candidateFacts(settings, read),
    accepting: acceptingOptions(settings, { candidatesFor, isNew }),
    has: (user) => read.lists.of(user) !== undefined,
  };
}

/** Which leaves are new, if new items have a threshold of their own. @throws as `readNewItems` */
export async function newItemsOf(
  { trainedOn, columns }: CandidateSettings,
  options: CandidateCatalogues & { readonly signal: AbortSignal },
): Promise<((leaf: number) => boolean) | undefined> {
  return trainedOn === undefined ? undefined : readNewItems(trainedOn, { ...options, columns });
}

/** @throws RecommendError BAD_CANDIDATES if the searched catalogue has none of the items */
export function candidateFacts(settings: CandidateSettings, read: ListCounts): CandidateFacts {
  const { digest, users, items, unknown, newItems } = read;
  if (unknown >= items) {
    const found = items === 0 ? "it has no items" : `of its ${items} items the catalogue has none`;
    throw badCandidates(
      settings,
      `${found}; give lists of items of this \`catalogue\` that \`allow\` and \`block\` leave in`,
    );
  }
  const isApart = settings.acceptNewAbove !== undefined;
  return {
    version: digest,
    counts: { users, items, unknown, ...(isApart ? { newItems } : {}) },
    notes: uselessSettings(settings, read),
  };
}

/** How the candidates of a run enter its lists. */
export function acceptingOptions(
  settings: Omit<CandidateSettings, "trainedOn" | "columns">,
  users: Pick<AcceptingOptions, "candidatesFor"> & {
    /** Default: no item is. */
    readonly isNew?: ((leaf: number) => boolean) | undefined;
  },
): AcceptingOptions {
  const { acceptAbove, acceptNewAbove, candidatesPerLevel: perLevel, topK: places } = settings;
  const { candidatesFor, isNew } = users;
  return {
    candidatesFor,
    // The settings' rules ask for it.
    threshold: acceptAbove ?? Number.POSITIVE_INFINITY,
    newItems:
      isNew === undefined || acceptNewAbove === undefined
        ? undefined
        : { threshold: acceptNewAbove, isNew },
    ...{ perLevel, places },
  };
}

/**
 * Checks that a user of the rows has candidates; reads as far as the first who has.
 *
 * @throws RecommendError BAD_CANDIDATES if none has; what `rows` throws
 */
export async function assertProposedFor(
  { has, counts }: Pick<RunCandidates, "has" | "counts">,
  run: {
    readonly settings: CandidateSettings;
    readonly rows: AsyncIterable<readonly HistoryRow[]>;
  },
): Promise<void> {
  let users = 0;
  for await (const rows of run.rows) {
    for (const row of rows) {
      if (row.kind !== "history") continue;
      if (has(row.user)) return;
      users++;
    }
  }
  if (users > 0) throw strangeUsers(run.settings, counts);
}

/** The error for candidates of which no user is in the histories. */
export function strangeUsers(
  settings: CandidateSettings,
  { users }: Pick<ProposedCounts, "users">,
): RecommendError {
  return badCandidates(
    settings,
    `none of its ${users} users is in the rows of \`histories\`; name users in both as the other does`,
  );
}

/** @internal shared with the candidates of a cluster */
export function badCandidates({ candidates }: CandidateSettings, problem: string): RecommendError {
  return new RecommendError("BAD_CANDIDATES", `\`candidates\` ${candidates}: ${problem}`);
}

/** Says which settings make no difference to these lists. */
function uselessSettings(
  settings: Pick<RecommendSettings, "acceptAbove" | "acceptNewAbove" | "candidatesPerLevel">,
  lists: Pick<ListCounts, "items" | "unknown" | "newItems" | "longest">,
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
