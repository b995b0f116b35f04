import type { JobQueues } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Alarms } from "../alarms/alarms.js";
import { withLease } from "./lease.js";
import type { RunRegistry } from "./run-registry.js";

export interface ReconcilerOptions {
  readonly runs: Pick<RunRegistry, "open" | "reconcile">;
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  readonly alarms: Pick<Alarms, "raise">;
  readonly log: Log;
  readonly everyMs: number;
  /** A scheduler that dies in a look holds the others up for so long. */
  readonly leaseMs: number;
}

/** Looks after all runs again and again; what one look does not achieve the next one tries. */
export interface Reconciler {
  /** Looks after one run soon. */
  wake(runId: string): void;
  close(): Promise<void>;
}

/** The same trouble is told once in so long. */
const QUIET_MS = 3_600_000;
/** Troubles that pass and are logged elsewhere are no alarm. */
const PASSING = new Set(["REDIS_UNREACHABLE", "NOT_STORED"]);

export function startReconciler(options: ReconcilerOptions): Reconciler {
  const { runs, queues, alarms, log, everyMs, leaseMs } = options;
  const woken = new Set<string>();
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
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // An ioredis error has no code of ours: Redis is away, which its connection logs.
    const passing = PASSING.has(code) || queues.redis.status !== "ready";
    if (passing) {
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
      woken.delete(runId);
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
      if (woken.size > 0) cycle(() => look([...woken]));
      else timer = setTimeout(() => cycle(lookAtAll), everyMs);
    });
  };
  cycle(lookAtAll);
  return {
    wake: (runId) => {
      woken.add(runId);
      cycle(() => look([...woken]));
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
