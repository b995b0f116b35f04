import type { JobQueues } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Alarms } from "../alarms/alarms.js";
import { withLease } from "./lease.js";
import { isRedisFailure } from "./passing.js";
import type { RunRegistry } from "./run-registry.js";

export interface ReconcilerOptions {
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  readonly log: Log;
  /** Interval between passes over all runs. */
  readonly everyMs: number;
  /** How long a scheduler that dies during a pass blocks the run for the others. */
  readonly leaseMs: number;
}

/** Reconciles all open runs again and again. What fails is retried by the next pass. */
export interface Reconciler {
  /** Starts with a pass over all runs. */
  start(runs: Pick<RunRegistry, "open" | "reconcile">): void;
  /** Reconciles one run soon. */
  wake(runId: string): void;
  /** Waits for the run that is being reconciled, and stops. */
  close(): Promise<void>;
}

export function openReconciler(options: ReconcilerOptions): Reconciler {
  const { queues, alarms, log, everyMs, leaseMs } = options;
  const woken = new Set<string>();
  let runs: Pick<RunRegistry, "open" | "reconcile"> | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let pass: Promise<void> = Promise.resolve();
  let isRunning = false;

  const reconcile = async (runId: string) => {
    try {
      const name = `reconcile:${runId}`;
      await withLease({ queues, name, lastsMs: leaseMs }, async () => {
        await runs?.reconcile(runId);
        alarms.mend({ kind: "run_stuck", runId });
      });
    } catch (error) {
      report(runId, error);
    }
  };
  const report = (runId: string, error: unknown) => {
    const reason = reasonOf(error);
    // An error of ioredis itself is no QueueError: Redis is down, which its connection logs.
    if (isRedisFailure(error) || queues.redis.status !== "ready") {
      log.debug({ runId, reason }, "cannot reconcile a run now");
      return;
    }
    log.warn({ runId, error }, "cannot reconcile a run");
    alarms.raise({ kind: "run_stuck", runId, message: `Run ${runId} cannot continue: ${reason}.` });
  };
  const reconcileEach = async (ids: readonly string[]) => {
    for (const runId of ids) {
      if (closed) return;
      woken.delete(runId);
      await reconcile(runId);
    }
  };
  const reconcileAll = async () => {
    try {
      await reconcileEach((await runs?.open()) ?? []);
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "cannot list the runs");
    }
  };
  const run = (work: () => Promise<void>) => {
    clearTimeout(timer);
    if (closed || isRunning || runs === undefined) return;
    isRunning = true;
    pass = work().finally(() => {
      isRunning = false;
      if (closed) return;
      if (woken.size > 0) run(() => reconcileEach([...woken]));
      else timer = setTimeout(() => run(reconcileAll), everyMs);
    });
  };
  return {
    start: (given) => {
      runs = given;
      run(reconcileAll);
    },
    wake: (runId) => {
      woken.add(runId);
      run(() => reconcileEach([...woken]));
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await pass;
    },
  };
}
