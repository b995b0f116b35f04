import type { FinishJobResult, NightJobResult } from "@nightbeam/queue";
import type { Log } from "@nightbeam/service/log";
import { UnrecoverableError } from "bullmq";
import type { NightSchedule } from "../nights/night-schedule.js";
import type { SchedulerOptions } from "../options.js";
import type { RunRegistry } from "../runs/run-registry.js";
import { startJobWorker } from "./job-worker.js";

export interface SchedulerWorkersOptions {
  readonly options: Pick<SchedulerOptions, "redis" | "lockMs" | "stallCheckMs">;
  readonly prefix: string;
  readonly runs: Pick<RunRegistry, "reconcile">;
  readonly nights: Pick<NightSchedule, "fire">;
  readonly log: Log;
  /** Has a run looked after once its finish job is over. */
  readonly wake: (runId: string) => void;
}

/** The workers of the jobs that the scheduler does itself. */
export async function schedulerWorkers(options: SchedulerWorkersOptions) {
  const { prefix, runs, nights, log, wake } = options;
  const { redis: redisUrl, lockMs, stallCheckMs } = options.options;
  const times = { lockMs, ...(stallCheckMs === undefined ? {} : { stallCheckMs }) };
  const shared = { redisUrl, prefix, log, ...times };
  const finishes = await startJobWorker({
    ...shared,
    job: "finish",
    handle: async ({ runId }): Promise<FinishJobResult> => {
      const done = await runs.reconcile(runId);
      // While this job runs, none can be made for what is missing.
      setTimeout(() => wake(runId), 0);
      return done ?? { shards: 0, missing: 0 };
    },
  });
  const starting = startJobWorker({
    ...shared,
    job: "night",
    handle: async ({ schedule }): Promise<NightJobResult> => {
      const begun = await nights.fire(schedule);
      if (begun !== undefined) return begun;
      throw new UnrecoverableError(`night ${schedule} is not to start now`);
    },
  });
  const started = await starting.catch(async (error: unknown) => {
    await finishes.close(0);
    throw error;
  });
  return {
    close: async (graceMs: number) => {
      await Promise.all([finishes.close(graceMs), started.close(graceMs)]);
    },
  };
}
