import type { Recommendation } from "@nightbeam/dataset";
import type { ShardStore } from "@nightbeam/store";
import type { RunPlan } from "../plan.js";
import { storeJournal } from "./journal.js";
import { readPartRows } from "./read-part-rows.js";
import { readSearches } from "./read-searches.js";
import type { PartRecord } from "./records.js";
import type { SearchRecord } from "./search-record.js";
import { readStoredLists } from "./stored-lists.js";

/** What a run says about one user. */
export interface FoundUser {
  /** The part that has the list, from 0. */
  readonly part: number;
  readonly list: Recommendation;
  /** The items of the user's row, oldest first; undefined if they cannot be read any more. */
  readonly history: readonly string[] | undefined;
  /** How the user's search went; undefined if it was not recorded. */
  readonly search: SearchRecord | undefined;
}

type Part = Pick<PartRecord, "file" | "firstRow" | "rowCount" | "searches">;

/**
 * Finds a user among the lists of a run, finished or not. Parts are not sorted by user: all of them are looked through
 * until the list is found. Of a user with several lists, it is the first.
 *
 * @returns undefined if no committed part has a list of the user
 * @throws RunError STORE_DAMAGED; StoreError; DatasetError UNREADABLE; the signal's reason
 */
export async function findUser(
  store: ShardStore,
  user: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<FoundUser | undefined> {
  const journal = storeJournal(store);
  const plan = await journal.readPlan();
  if (plan === undefined) return undefined;
  const manifest = await journal.readManifest();
  const parts: readonly Part[] = manifest?.parts ?? (await journal.readCommits());
  const wanted = { user, parts, format: plan.format, ...options };
  for await (const { part, lists } of readStoredLists(store, wanted)) {
    const [list] = lists;
    if (list === undefined) continue;
    const search = (await readSearches(store, part)).find((one) => one.user === user);
    const history = search?.history ?? (await historyOf(store, { user, plan, part }));
    const index = (part.firstRow - plan.firstRow) / plan.partSize;
    return { part: index, list, history, search };
  }
  return undefined;
}

async function historyOf(
  store: ShardStore,
  { user, plan, part }: { readonly user: string; readonly plan: RunPlan; readonly part: Part },
): Promise<readonly string[] | undefined> {
  const origin = await storeJournal(store).readOrigin();
  const rows = (await readPartRows(store, { plan, origin, part })) ?? [];
  const own = rows.flatMap((row) => (row.kind === "history" && row.user === user ? [row] : []));
  return (plan.arguments.duplicateUsers === "first" ? own[0] : own.at(-1))?.items;
}
