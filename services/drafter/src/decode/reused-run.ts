import { type CatalogueChange, catalogueChange } from "@nightbeam/catalogue";
import {
  type AnswersOptions,
  comparedCatalogue,
  type EarlierAnswers,
  type ListQuestions,
} from "@nightbeam/recommend";
import {
  type ReuseRecord,
  RunError,
  readReuse,
  readReusedTrie,
  readShardAnswers,
  reuseOf,
} from "@nightbeam/run";
import type { Log } from "@nightbeam/service/log";
import { keepsAnswers } from "@nightbeam/settings";
import { openStore, type ShardStore } from "@nightbeam/store";
import type { OpenRun, PlannedRun } from "./open-planned-run.js";

/** The run that lists are taken from. */
export interface ReusedRun {
  readonly record: ReuseRecord;
  /** From the catalogue that it searched to that of now; undefined if it is the same. */
  readonly change: CatalogueChange | undefined;
}

/**
 * Reads what the scheduler wrote beside a run's inputs; undefined if no list is reused.
 *
 * @throws RunError RUN_DAMAGED; StoreError
 */
export async function openReusedRun(
  location: string,
  { catalogue, request }: Pick<OpenRun, "catalogue" | "request">,
): Promise<ReusedRun | undefined> {
  const store = await openStore(location);
  try {
    const record = reuseOf(await readReuse(store));
    if (record === undefined) return undefined;
    const searched = await comparedCatalogue(catalogue, request);
    if (record.catalogue === searched.hash) return { record, change: undefined };
    const { trie } = await readReusedTrie(store, record);
    return { record, change: catalogueChange(trie, searched.trie) };
  } finally {
    store.close();
  }
}

/** What the users of a shard may take, and whether theirs is kept. @throws StoreError */
export async function answersOf(
  {
    run,
    questions,
    reuse,
  }: {
    readonly run: PlannedRun;
    /** Undefined if lists depend on more than questions. */
    readonly questions: ListQuestions | undefined;
    readonly reuse: ReusedRun | undefined;
  },
  shard: { readonly store: ShardStore; readonly index: number; readonly log: Log },
): Promise<AnswersOptions | undefined> {
  if (questions === undefined) return undefined;
  const keep = keepsAnswers(run.request);
  const earlier = reuse === undefined ? undefined : await earlierOf(reuse, shard);
  return keep || earlier !== undefined ? { questions, keep, earlier } : undefined;
}

/** A damaged file costs time, and no list: its users are computed. */
async function earlierOf(
  { record, change }: ReusedRun,
  { store, index, log }: { readonly store: ShardStore; readonly index: number; readonly log: Log },
): Promise<EarlierAnswers> {
  try {
    return { byUser: await readShardAnswers(store, { reuse: record, index }), change };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    log.warn({ index, reason: error.message }, "cannot reuse lists; they are computed");
    return { byUser: new Map(), change };
  }
}
