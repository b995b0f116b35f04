import type { JobQueues } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { AlarmBook } from "../alarms/alarms.js";
import { withLease } from "./lease.js";
import { isRedisFailure } from "./passing.js";
import type { RunBook } from "./run-book.js";

export interface ReconcilerOptions {
  readonly runs: Pick<RunBook, "open" | "reconcile">;
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  readonly alarms: Pick<AlarmBook, "raise">;
  readonly log: Log;
  readonly everyMs: number;
  /** A scheduler that dies in a look holds the others up for so long. */
  readonly leaseMs: number;
}

/** Looks after all runs again and again; what one look does not achieve the next one tries. */
export interface Reconciler {
  /** Looks after one run soon. */
  poke(runId: string): void;
  close(): Promise<void>;
}

/** The same trouble is told once in so long. */
const QUIET_MS = 3_600_000;

export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { runs, queues, alarms, log, everyMs, leaseMs } = options;
  const poked = new Set<string>();
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let isLooking = false;

  const lookAt = async (runId: string) => {
    try {
      const name = `reconcile:${runId}`;
      await withLease({ queues, name, lastsMs: leaseMs }, async () => {
        await runs.reconcile(runId);
      });
    } catch (error) {
      tell(runId, error);
    }
  };
  const tell = (runId: string, error: unknown) => {
    const reason = reasonOf(error);
    // An error of ioredis itself is not a QueueError: Redis is away, which its connection logs.
    if (isRedisFailure(error) || queues.redis.status !== "ready") {
      log.debug({ runId, reason }, "a run cannot be looked after now");
      return;
    }
    log.warn({ runId, error }, "a run cannot be looked after");
    alarms.raise(
      { kind: "run_stuck", runId, message: `Run ${runId} cannot go on: ${reason}.` },
      QUIET_MS,
    );
  };
  const look = async (ids: readonly string[]) => {
    for (const runId of ids) {
      if (closed) return;
      poked.delete(runId);
      await lookAt(runId);
    }
  };
  const lookAtAll = async () => {
    try {
      await look(await runs.open());
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, "the runs cannot be listed");
    }
  };
  const cycle = (work: () => Promise<void>) => {
    clearTimeout(timer);
    if (closed || isLooking) return;
    isLooking = true;
    looking = work().finally(() => {
      isLooking = false;
      if (closed) return;
      if (poked.size > 0) cycle(() => look([...poked]));
      else timer = setTimeout(() => cycle(lookAtAll), everyMs);
    });
  };
  cycle(lookAtAll);
  return {
    poke: (runId) => {
      poked.add(runId);
      cycle(() => look([...poked]));
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
