import type { StoredState } from "./read-jobs.js";
import type { StoredRun, StoredShard } from "./run-jobs.js";

export interface DecideOptions {
  readonly run: StoredRun;
  /** The shards that are not committed. */
  readonly uncommitted: ReadonlySet<number>;
  /** Which ended jobs of uncommitted shards are recreated. */
  readonly recreate: { readonly completed: boolean; readonly failed: boolean };
  /** The number that the jobs of the run should have, see `jobPriority`. */
  readonly priority: number;
}

/** The changes that make Redis match the uncommitted shards. */
export interface Decision {
  /** The finish job is active. It finds out itself what is missing, so nothing is changed now. */
  readonly busy: boolean;
  /** Shards whose old jobs must be removed before new ones can be added. */
  readonly remove: readonly number[];
  /** Shards that get a new job. */
  readonly add: readonly number[];
  /** Shards with live jobs that the finish job does not wait for yet. */
  readonly attach: readonly number[];
  /** `replace`: the existing finish job has ended too early, or would wait forever. */
  readonly finish: "keep" | "add" | "replace";
  /** Shards whose live jobs have another priority. */
  readonly reprioritize: readonly number[];
  /** Shards whose jobs failed permanently and are left alone. */
  readonly poison: readonly number[];
}

const ALIVE: ReadonlySet<StoredState> = new Set<StoredState>(["waiting", "active", "delayed"]);

/**
 * Decides what to change. A pure function that is correct in any state, because Redis may lose anything
 * at any moment, and because two schedulers may decide at the same time:
 *
 * - A shard without a job gets one. A completed or failed job is recreated if `recreate` says so.
 * - A finish job waits for exactly the live shards. If it has left `waiting-children` while shards are
 *   live, or waits for a shard whose job has ended, it is replaced: BullMQ would start it too early, or
 *   never.
 */
export function decide({ run, uncommitted, recreate, priority }: DecideOptions): Decision {
  const { finish, shards } = run;
  const open = shards.filter((shard) => uncommitted.has(shard.index));
  const poison = indexes(open, (shard) => shard.state === "failed" && !recreate.failed);
  const add = indexes(open, ({ state }) => {
    if (state === "completed") return recreate.completed;
    if (state === "failed") return recreate.failed;
    return !ALIVE.has(state);
  });
  if (finish.state === "active") {
    const nothing = { remove: [], add: [], attach: [], reprioritize: [] };
    return { busy: true, ...nothing, finish: "keep", poison };
  }
  const added = new Set(add);
  const alive = indexes(shards, ({ state }) => ALIVE.has(state));
  const remove = indexes(shards, ({ index, state }) => added.has(index) && state !== "missing");
  const expected = new Set([...alive, ...add]);
  const made = finishAction({ run, expected, removed: new Set(remove), recreate });
  const attach = alive.filter((index) => made !== "keep" || !finish.waitsFor.has(index));
  const reprioritize = indexes(shards, (shard) => {
    return ALIVE.has(shard.state) && shard.priority !== priority;
  });
  return { busy: false, remove, add, attach, reprioritize, finish: made, poison };
}

interface FinishOptions extends Pick<DecideOptions, "run" | "recreate"> {
  readonly expected: ReadonlySet<number>;
  readonly removed: ReadonlySet<number>;
}

function finishAction({ run, expected, removed, recreate }: FinishOptions): Decision["finish"] {
  const { state, stuck, waitsFor } = run.finish;
  switch (state) {
    case "missing":
      return "add";
    case "lost":
      return "replace";
    case "waiting-children": {
      // An ended or vanished job never leaves the list of a waiting finish job, and removing the last
      // job on the list would start the finish job.
      const dangling = [...waitsFor].some((index) => !expected.has(index) || removed.has(index));
      return dangling || stuck ? "replace" : "keep";
    }
    case "failed":
      return expected.size > 0 || recreate.failed ? "replace" : "keep";
    case "completed":
      return expected.size > 0 || isUnexplained({ run, recreate }) ? "replace" : "keep";
    case "active":
      return "keep";
    case "waiting":
    case "delayed":
      return expected.size > 0 ? "replace" : "keep";
    default:
      return state satisfies never;
  }
}

/** The finish job has ended, the run has not, and no failed shard explains it: a commit came late. */
function isUnexplained({ run, recreate }: Pick<DecideOptions, "run" | "recreate">): boolean {
  return recreate.completed && !run.shards.some((shard) => shard.state === "failed");
}

function indexes(shards: readonly StoredShard[], keep: (shard: StoredShard) => boolean): number[] {
  return shards.filter(keep).map((shard) => shard.index);
}
