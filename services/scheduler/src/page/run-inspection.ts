import type { Rejects, RunSeries, ShardDetail, ShardMap, UserAnswer } from "@nightbeam/api";
import type { Titles } from "@nightbeam/dataset";
import { type JobQueues, shardJobDetails } from "@nightbeam/queue";
import { findUser } from "@nightbeam/run";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import { type LiveFigures, liveFigures, NOTHING_LIVE } from "../runs/run-status.js";
import type { RunView } from "../runs/run-view.js";
import { rejectSamples } from "./reject-samples.js";
import { runSeries } from "./run-series.js";
import { shardDetail } from "./shard-detail.js";
import { shardMap } from "./shard-map.js";
import { userAnswer } from "./user-answer.js";

/** What the page shows of one run. All methods return undefined for an unknown run. */
export interface RunInspection {
  shardMap(runId: string): Promise<ShardMap | undefined>;
  /** Undefined for an unknown shard as well. */
  shard(runId: string, index: number): Promise<ShardDetail | undefined>;
  series(runId: string): Promise<RunSeries | undefined>;
  rejects(runId: string): Promise<Rejects | undefined>;
  /** Undefined for an unknown user as well. Reads the lists of the run until the user is found. */
  user(runId: string, user: string): Promise<UserAnswer | undefined>;
}

export interface InspectionOptions {
  readonly view: (runId: string) => Promise<RunView | undefined>;
  readonly queues: JobQueues;
  readonly clock: WallClock;
  /** What items are called. */
  readonly titles: Titles | undefined;
  readonly log: Pick<Log, "debug">;
}

/** A user is looked for at most this long. */
const LOOKUP_MS = 60_000;

/** All methods throw RunError, StoreError; `user` also SchedulerError TOO_SLOW. */
export function runInspection(options: InspectionOptions): RunInspection {
  const { view, queues, clock, titles, log } = options;
  /** Without Redis it is not known what happens to shards, but what was committed is. */
  const known = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, "cannot read jobs");
      return undefined;
    }
  };
  const live = async (run: RunView): Promise<LiveFigures> => {
    const hasJobs = run.state === "running" || run.state === "paused";
    return (hasJobs ? await known(liveFigures(queues, run)) : undefined) ?? NOTHING_LIVE;
  };
  // All lists of a run may have to be read: one search at a time, so that many of them do not hold up the scheduler.
  let lookup: Promise<unknown> = Promise.resolve();
  const find = async (runId: string, user: string) => {
    const run = await view(runId);
    if (run === undefined) return undefined;
    const signal = AbortSignal.timeout(LOOKUP_MS);
    try {
      const found = await findUser(run.output.store, user, { signal });
      return found && userAnswer(found, titles);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new SchedulerError(
        "TOO_SLOW",
        `The user was not found within ${LOOKUP_MS / 1_000} s: the run has many lists. Query its part files instead, as with DuckDB.`,
        { cause: error },
      );
    }
  };
  return {
    shardMap: async (runId) => {
      const run = await view(runId);
      return run && shardMap(run, await live(run));
    },
    shard: async (runId, index) => {
      const run = await view(runId);
      if (run === undefined) return undefined;
      const job = await known(shardJobDetails(queues, { runId, index }));
      return shardDetail(run, { index, job });
    },
    series: async (runId) => {
      const run = await view(runId);
      if (run === undefined) return undefined;
      const { active } = await live(run);
      return runSeries(run.commits, { active, now: clock.now() });
    },
    rejects: async (runId) => {
      const run = await view(runId);
      return run && rejectSamples(run.output.store, run.commits);
    },
    user: (runId, user) => {
      const found = lookup.then(() => find(runId, user));
      lookup = found.catch(() => undefined);
      return found;
    },
  };
}
