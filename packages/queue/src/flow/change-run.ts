import { QueueError } from "../errors.js";
import { assertRunId } from "../jobs/job-ids.js";
import { apply, assertStored, priorityOf, type RunRef, type ShardRef } from "./apply.js";
import { isCancelled } from "./cancelled.js";
import { type DecideOptions, decide } from "./decide.js";
import type { JobQueues } from "./queues.js";
import { storeFailure } from "./redis-failure.js";
import { readRun } from "./run-jobs.js";

/** Maximum number of jobs per run: each takes about 1.5 KB in Redis, and each reconcile pass reads all that are left. */
export const MAX_SHARDS = 500_000;

/** The effect of adding or repairing. */
export interface RunChange {
  /**
   * `busy`: the finish job is active, so nothing was changed; check again when it has ended.
   * `cancelled`: nothing was changed either; see `restoreRun`.
   */
  readonly outcome: "changed" | "unchanged" | "busy" | "cancelled";
  /** Shards that got a new job. */
  readonly added: readonly number[];
  /** Whether the finish job was created. */
  readonly finishAdded: boolean;
  /** Uncommitted shards whose jobs failed permanently and were left alone. */
  readonly poison: readonly number[];
}

export interface ChangeRunOptions extends RunRef {
  /** The shards that are not committed. */
  readonly shards: readonly ShardRef[];
  readonly recreate: DecideOptions["recreate"];
}

/** Makes the jobs of a run match its uncommitted shards. @throws QueueError */
export async function changeRun(queues: JobQueues, options: ChangeRunOptions): Promise<RunChange> {
  const { runId, recreate } = options;
  assertRunId(runId);
  const shards = new Map(options.shards.map((shard) => [shard.index, shard]));
  if (shards.size > MAX_SHARDS) {
    throw new QueueError(
      "BAD_JOB",
      `Run ${runId} has ${shards.size} shards; the maximum is ${MAX_SHARDS}. Make the shards larger.`,
    );
  }
  try {
    if (await isCancelled(queues, runId)) return { ...NOTHING, outcome: "cancelled" };
    const indexes = [...shards.keys()];
    const run = await readRun(queues, { runId, shards: indexes });
    const priority = priorityOf(options);
    const decision = decide({ run, uncommitted: new Set(indexes), recreate, priority });
    const { poison } = decision;
    const done = !decision.busy && (await apply(queues, { ...options, shards, decision }));
    if (!done) return { ...NOTHING, outcome: "busy", poison };
    const { add: added, attach, finish } = decision;
    const finishAdded = finish !== "keep";
    const changed = finishAdded || added.length > 0 || attach.length > 0;
    const children = finishAdded ? added.length + attach.length : 0;
    // Reading a long run takes seconds: what was not changed is not read again.
    const stored = changed ? await readRun(queues, { runId, shards: indexes }) : run;
    assertStored(runId, stored, { children });
    return { outcome: changed ? "changed" : "unchanged", added, finishAdded, poison };
  } catch (error) {
    throw storeFailure(`the jobs of run ${runId}`, error);
  }
}

const NOTHING = { added: [], finishAdded: false, poison: [] } as const;
