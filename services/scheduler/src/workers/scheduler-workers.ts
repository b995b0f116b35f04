import type { FinishJobResult, NightJobResult } from "@nightbeam/queue";
import type { TlsBytes } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { UnrecoverableError } from "bullmq";
import type { NightSchedule } from "../nights/night-schedule.js";
import type { SchedulerOptions } from "../options.js";
import type { RunRegistry } from "../runs/run-registry.js";
import { startJobWorker } from "./job-worker.js";

export interface SchedulerWorkersOptions {
  readonly options: Pick<SchedulerOptions, "redis" | "lockMs" | "stallCheckMs">;
  /** For Redis. */
  readonly tls: TlsBytes | undefined;
  readonly prefix: string;
  readonly runs: Pick<RunRegistry, "reconcile">;
  readonly nights: Pick<NightSchedule, "fire">;
  readonly log: Log;
  /** Called after the finish job of a run has ended. */
  readonly onFinished: (runId: string) => void;
  readonly closers: Closers;
}

/** How long a job in progress may take to finish. */
const GRACE_MS = 5_000;

/** Starts the workers of the scheduler's own jobs: finishing runs and starting nights. */
export async function schedulerWorkers(options: SchedulerWorkersOptions): Promise<void> {
  const { tls, prefix, runs, nights, log, onFinished, closers } = options;
  const { redis: redisUrl, lockMs, stallCheckMs } = options.options;
  const times = { lockMs, ...(stallCheckMs === undefined ? {} : { stallCheckMs }) };
  const shared = { redisUrl, tls, prefix, log, ...times };
  const finishes = await startJobWorker({
    ...shared,
    job: "finish",
    handle: async ({ runId }): Promise<FinishJobResult> => {
      const done = await runs.reconcile(runId);
      // While this job runs, no other can be made for what is missing.
      setTimeout(() => onFinished(runId), 0);
      return done ?? { shards: 0, missing: 0 };
    },
  });
  closers.add("worker of finish jobs", () => finishes.close(GRACE_MS));
  const starts = await startJobWorker({
    ...shared,
    job: "night",
    handle: async ({ schedule }): Promise<NightJobResult> => {
      const started = await nights.fire(schedule);
      if (started !== undefined) return started;
      throw new UnrecoverableError(`night ${schedule} must not start now`);
    },
  });
  closers.add("worker of night jobs", () => starts.close(GRACE_MS));
}
