import { QueueError } from "../errors.js";
import { assertRunId } from "../jobs/run-id.js";
import { apply, type RunRef, readBack, type ShardRef } from "./apply.js";
import { isCancelled } from "./cancelled.js";
import { type DecideOptions, type Decision, decide } from "./decide.js";
import type { JobQueues } from "./queues.js";
import { storeFailure } from "./redis-failure.js";
import { readRun } from "./run-jobs.js";

/** Jobs of one run: all of them are stored in one transaction, during which Redis does nothing else. */
export const MAX_SHARDS = 20_000;

/** What adding or repairing has changed. */
export interface RunChange {
  /**
   * `busy`: the finish job is at work, so nothing was touched; look again when it has ended.
   * `cancelled`: nothing was touched either; see `restoreRun`.
   */
  readonly outcome: "changed" | "unchanged" | "busy" | "cancelled";
  /** Shards that got a job. */
  readonly added: readonly number[];
  /** Whether the finish job was made. */
  readonly finishAdded: boolean;
  /** Uncommitted shards whose jobs failed for good and were left. */
  readonly poison: readonly number[];
}

export interface ChangeRunOptions extends RunRef {
  /** The shards that are not committed. */
  readonly shards: readonly ShardRef[];
  readonly anew: DecideOptions["anew"];
}

/** Brings a run's jobs in line with its uncommitted shards. @throws QueueError */
export async function changeRun(queues: JobQueues, options: ChangeRunOptions): Promise<RunChange> {
  const { runId, location, anew } = options;
  assertRunId(runId);
  const shards = new Map(options.shards.map((shard) => [shard.index, shard]));
  if (shards.size > MAX_SHARDS) {
    throw new QueueError(
      "BAD_JOB",
      `Run ${runId} has ${shards.size} shards; ${MAX_SHARDS} is the most. Make the shards larger.`,
    );
  }
  try {
    if (await isCancelled(queues, runId)) return { ...NOTHING, outcome: "cancelled" };
    const indexes = [...shards.keys()];
    const run = await readRun(queues, { runId, shards: indexes });
    const decision = decide({ run, uncommitted: new Set(indexes), anew });
    const { poison } = decision;
    const done = !decision.busy && (await apply(queues, { runId, location, shards, decision }));
    if (!done) return { ...NOTHING, outcome: "busy", poison };
    await readBack(queues, runId, expectation(indexes, decision));
    const finishAdded = decision.finish !== "keep";
    const changed = finishAdded || decision.add.length > 0 || decision.attach.length > 0;
    return { outcome: changed ? "changed" : "unchanged", added: decision.add, finishAdded, poison };
  } catch (error) {
    throw storeFailure(`the jobs of run ${runId}`, error);
  }
}

const NOTHING = { added: [], finishAdded: false, poison: [] } as const;

function expectation(indexes: readonly number[], { finish, add, attach }: Decision) {
  return { indexes, children: finish === "keep" ? 0 : add.length + attach.length };
}
