import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { type Journal, openJournal } from "../records/journal.js";
import type { RunPlan } from "../records/plan.js";

/** The records of the run in a store. @throws RunError STORE_FAILED, STORE_DAMAGED from all */
export function storeJournal(store: ShardStore): Journal {
  const journal = openJournal(store);
  return {
    readPlan: () => asJobsError(journal.readPlan()),
    createPlan: (plan) => asJobsError(journal.createPlan(plan)),
    listCommits: () => asJobsError(journal.listCommits()),
    readCommit: (index) => asJobsError(journal.readCommit(index)),
    readCommits: () => asJobsError(journal.readCommits()),
    commit: (record) => asJobsError(journal.commit(record)),
    readManifest: () => asJobsError(journal.readManifest()),
    createManifest: (manifest) => asJobsError(journal.createManifest(manifest)),
  };
}

/** The plan of the run in a store. @throws RunError NOT_A_RUN, STORE_FAILED, STORE_DAMAGED */
export async function readPlan(store: ShardStore): Promise<RunPlan> {
  const plan = await storeJournal(store).readPlan();
  if (plan !== undefined) return plan;
  throw new RunError(
    "NOT_A_RUN",
    `${store.location} holds no run that has been planned. Submit it, or wait for its planning.`,
  );
}

/** The indices of the shards that are committed. Costs a listing of names. */
export async function committedShards(store: ShardStore): Promise<Set<number>> {
  return new Set(await storeJournal(store).listCommits());
}

/** Records are read by the dataset package, whose errors mean a damaged store here. */
export async function asJobsError<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw new RunError("STORE_DAMAGED", error.message, { cause: error });
  }
}
