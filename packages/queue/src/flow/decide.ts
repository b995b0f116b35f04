import type { StoredState } from "./read-jobs.js";
import type { StoredRun, StoredShard } from "./run-jobs.js";

export interface DecideOptions {
  readonly run: StoredRun;
  /** The shards that are not committed. */
  readonly uncommitted: ReadonlySet<number>;
  /** Which ended jobs of uncommitted shards are made anew. */
  readonly anew: { readonly completed: boolean; readonly failed: boolean };
}

/** How Redis is brought in line with what is not committed. */
export interface Decision {
  /** The finish job is at work: it sees what is missing by itself, so nothing is touched now. */
  readonly busy: boolean;
  /** Jobs whose records are in the way of new ones. */
  readonly remove: readonly number[];
  /** Shards that get a job. */
  readonly add: readonly number[];
  /** Shards whose jobs go on and that a new finish job has to wait for. */
  readonly attach: readonly number[];
  /** `replace`: what there is has ended too early, or would wait for ever. */
  readonly finish: "keep" | "add" | "replace";
  /** Shards whose jobs failed for good and are left. */
  readonly poison: readonly number[];
}

const ALIVE: ReadonlySet<StoredState> = new Set<StoredState>(["waiting", "active", "delayed"]);

/**
 * Decides what to do; pure, and right from any state, because Redis may lose anything at any
 * moment and because two schedulers may decide at once:
 *
 * - a shard without a job gets one; a completed or failed job is made anew where `anew` says so;
 * - a finish job waits for exactly the shards that are alive. One that has left `waiting-children`
 *   while shards are alive, or that waits for one whose job has ended, is replaced: BullMQ would
 *   start it too early, or never.
 */
export function decide({ run, uncommitted, anew }: DecideOptions): Decision {
  const { finish, shards } = run;
  const open = shards.filter((shard) => uncommitted.has(shard.index));
  const poison = indexes(open, (shard) => shard.state === "failed" && !anew.failed);
  const add = indexes(open, ({ state }) => {
    if (state === "completed") return anew.completed;
    if (state === "failed") return anew.failed;
    return !ALIVE.has(state);
  });
  if (finish.state === "active") {
    return { busy: true, remove: [], add: [], attach: [], finish: "keep", poison };
  }
  const added = new Set(add);
  const alive = indexes(shards, ({ state }) => ALIVE.has(state));
  const remove = indexes(shards, ({ index, state }) => added.has(index) && state !== "missing");
  const expected = new Set([...alive, ...add]);
  const made = finishAction({ run, expected, removed: new Set(remove), anew });
  const attach = alive.filter((index) => made !== "keep" || !finish.waitsFor.has(index));
  return { busy: false, remove, add, attach, finish: made, poison };
}

interface FinishOptions extends Pick<DecideOptions, "run" | "anew"> {
  readonly expected: ReadonlySet<number>;
  readonly removed: ReadonlySet<number>;
}

function finishAction({ run, expected, removed, anew }: FinishOptions): Decision["finish"] {
  const { state, stuck, waitsFor } = run.finish;
  switch (state) {
    case "missing":
      return "add";
    case "lost":
      return "replace";
    case "waiting-children": {
      // Nothing would ever take an ended or vanished job off the list of a waiting finish job, and
      // removing the record of the last one on the list would release it.
      const dangling = [...waitsFor].some((index) => !expected.has(index) || removed.has(index));
      return dangling || stuck ? "replace" : "keep";
    }
    case "failed":
      return expected.size > 0 || anew.failed ? "replace" : "keep";
    case "completed":
      return expected.size > 0 || nothingHolds({ run, anew }) ? "replace" : "keep";
    case "active":
      return "keep";
    case "waiting":
    case "delayed":
      return expected.size > 0 ? "replace" : "keep";
    default:
      return state satisfies never;
  }
}

/** The finish job is over, the run is not, and no poison explains it: a commit came late. */
function nothingHolds({ run, anew }: Pick<DecideOptions, "run" | "anew">): boolean {
  return anew.completed && !run.shards.some((shard) => shard.state === "failed");
}

function indexes(shards: readonly StoredShard[], keep: (shard: StoredShard) => boolean): number[] {
  return shards.filter(keep).map((shard) => shard.index);
}
