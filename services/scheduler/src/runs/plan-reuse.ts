import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import {
  type AnswerJoin,
  assertReusable,
  type EarlierRun,
  keepTrie,
  openAnswerJoin,
  openEarlierRun,
  type RunPlan,
  writeReuse,
  writeShardAnswers,
} from "@nightbeam/run";
import { codeOf, type Log, reasonOf } from "@nightbeam/service/log";
import { keepsAnswers, NO_REUSE, reusedRun } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";
import type { RunRecord } from "./run-record.js";

/** Joins the rows of a run with the answers of an earlier one while it is planned. */
export interface PlannedReuse {
  /** Notes the users of rows; of all, before `prepare`. */
  want(rows: readonly HistoryRow[]): void;
  /** Writes what shards may take beside their rows, and what later runs compare. */
  prepare(plan: RunPlan): Promise<void>;
  close(): Promise<void>;
}

export interface PlanReuseOptions {
  readonly record: RunRecord;
  readonly store: ShardStore;
  /** The catalogue that is searched, without what is closed for all users. */
  readonly searched: Catalogue;
  /** What the plan will name. */
  readonly plan: Pick<RunPlan, "arguments" | "versions">;
  readonly onProgress: () => void;
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "info" | "warn">;
}

/**
 * Opens the run that a run takes lists from: the one that is named, or the last complete one of its night. If a night
 * cannot use it, all lists are computed, and a note says why.
 *
 * @throws RunError NOT_REUSABLE, RUN_DAMAGED; StoreError; for a run that is named and is not a night's
 */
export async function planReuse(options: PlanReuseOptions): Promise<PlannedReuse> {
  const { record, store, searched, plan, log } = options;
  const place = placeOf(record);
  const refuse = async (error: unknown): Promise<void> => {
    if (record.night === undefined || codeOf(error) === undefined) throw error;
    options.signal.throwIfAborted();
    const refused = reasonOf(error);
    log.warn({ runId: record.runId, run: place, reason: refused }, "all lists are computed");
    await writeReuse(store, { run: place ?? NO_REUSE, refused });
  };
  let opened: { earlier: EarlierRun; join: AnswerJoin } | undefined;
  if (place !== undefined) {
    try {
      opened = await openJoin(place, plan);
    } catch (error) {
      await refuse(error);
    }
  }
  return {
    want: (rows) => opened?.join.want(rows),
    prepare: async (planned) => {
      const { hash: catalogue, trie } = searched;
      if (keepsAnswers(record.request)) await keepTrie(store, { catalogue, trie });
      if (opened === undefined) return;
      try {
        await writeAnswers(opened, { ...options, plan: planned });
      } catch (error) {
        await refuse(error);
      }
    },
    close: async () => {
      await opened?.join.close();
      opened?.earlier.close();
    },
  };
}

/** The run that is named, or the last complete one of the night if lists can be taken at all. */
function placeOf({ request, lastComplete }: RunRecord): string | undefined {
  if (request.reuse !== undefined) return reusedRun(request);
  return keepsAnswers({ ...request, answers: "keep" }) ? lastComplete : undefined;
}

async function openJoin(
  place: string,
  plan: Pick<RunPlan, "arguments" | "versions">,
): Promise<{ earlier: EarlierRun; join: AnswerJoin }> {
  const earlier = await openEarlierRun(place);
  try {
    assertReusable(earlier, plan);
    return { earlier, join: await openAnswerJoin(earlier.store, earlier) };
  } catch (error) {
    earlier.close();
    throw error;
  }
}

async function writeAnswers(
  { earlier, join }: { earlier: EarlierRun; join: AnswerJoin },
  { store, plan, searched, onProgress, signal, log, record }: PlanReuseOptions & { plan: RunPlan },
): Promise<void> {
  const { record: reuse } = earlier;
  await writeShardAnswers({
    ...{ store, plan, reuse },
    answers: join.answers(signal),
    trie: reuse.catalogue === searched.hash ? undefined : earlier.searched,
    onShard: onProgress,
  });
  log.info({ runId: record.runId, run: reuse.run }, "lists of unchanged users are reused");
}
