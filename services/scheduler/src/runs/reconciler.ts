import type { JobQueues } from "@nightbeam/queue";
import { inTime, within } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Recorder } from "@nightbeam/telemetry";
import type { Alarms } from "../alarms/alarms.js";
import { elapsedMs } from "../clock.js";
import { withLease } from "./lease.js";
import { isPassing, isRedisFailure } from "./passing.js";
import type { RunRegistry } from "./run-registry.js";
import type { RunWatch } from "./watch/run-watch.js";

export interface ReconcilerOptions {
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  readonly watch: Pick<RunWatch, "failed" | "advanced">;
  /** The machine of this scheduler. */
  readonly host: string;
  /** The location of the state store. */
  readonly state: string;
  readonly metrics: Recorder;
  readonly log: Log;
  /** Interval between passes over all runs. */
  readonly everyMs: number;
  /** How long a scheduler that dies during a pass blocks the run for the others. */
  readonly leaseMs: number;
  /** How long a store must fail before an alarm is raised. */
  readonly graceMs?: number | undefined;
  /** How long one run may hold up the others. It goes on meanwhile. */
  readonly patienceMs?: number;
}

type Runs = Pick<RunRegistry, "open" | "reconcile">;

/** Reconciles all open runs again and again. What fails is retried by the next pass. */
export interface Reconciler {
  /** Starts with a pass over all runs. */
  start(runs: Runs): void;
  /** Reconciles one run soon. */
  wake(runId: string): void;
  /** Waits for the run that is being reconciled, and stops. */
  close(): Promise<void>;
}

/**
 * Reconciling a run that waits takes at most this part of the time: a pass over 400,000 shards takes seconds. But a run is
 * seen at least once in `MAX_PAUSE_MS`, or it would count as stalled.
 */
const BUSY_PART = 0.1;
const MAX_PAUSE_MS = 60_000;

const GRACE_MS = 60_000;
const PATIENCE_MS = 30_000;
/** The name under which failures of the state store are counted; no run has it. */
const STATE = "";

export function openReconciler(options: ReconcilerOptions): Reconciler {
  const { queues, alarms, watch, host, state, metrics, log, everyMs, leaseMs } = options;
  const { graceMs = GRACE_MS, patienceMs = PATIENCE_MS } = options;
  const woken = new Set<string>();
  /** Runs whose reconciliation has not ended: a store may hang. */
  const underWay = new Set<string>();
  /** When a run is reconciled again, unless it is woken. */
  const restsUntil = new Map<string, number>();
  /** Since when a run, or the state store, has failed. */
  const failingSince = new Map<string, number>();
  let runs: Runs | undefined;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let pass: Promise<void> = Promise.resolve();
  let isRunning = false;

  const lasts = (name: string) => {
    const since = failingSince.get(name) ?? elapsedMs();
    failingSince.set(name, since);
    return elapsedMs() - since >= graceMs;
  };
  const reconcile = async (runId: string) => {
    underWay.add(runId);
    const began = elapsedMs();
    try {
      const name = `reconcile:${runId}`;
      await withLease({ queues, name, lastsMs: leaseMs }, async () => {
        await runs?.reconcile(runId);
      });
      failingSince.delete(runId);
      watch.advanced(runId);
      // Another scheduler may still be unable to.
      alarms.mend({ kind: "run_stuck", runId, subject: host });
    } catch (error) {
      report(runId, error);
    } finally {
      underWay.delete(runId);
      const now = elapsedMs();
      restsUntil.set(runId, now + Math.min((now - began) / BUSY_PART, MAX_PAUSE_MS));
    }
  };
  const report = (runId: string, error: unknown) => {
    const reason = reasonOf(error);
    watch.failed(runId, error);
    // An error of ioredis itself is no QueueError: Redis is down. There is an alarm of its own for that.
    if (isRedisFailure(error) || queues.redis.status !== "ready") {
      log.debug({ runId, reason }, "cannot reconcile a run now");
      return;
    }
    log.warn({ runId, error }, "cannot reconcile a run");
    if (isPassing(error) && !lasts(runId)) return;
    const message = `Run ${runId} cannot be continued by the scheduler on ${host}: ${reason}.`;
    alarms.raise({ kind: "run_stuck", runId, subject: host, message });
  };
  const reconcileEach = async (ids: readonly string[]) => {
    for (const runId of ids) {
      if (closed) return;
      woken.delete(runId);
      if (underWay.has(runId)) continue;
      await within(reconcile(runId), { ms: patienceMs });
    }
  };
  const reconcileAll = async () => {
    const began = elapsedMs();
    let ids: readonly string[] | undefined;
    const late = () => new Error(`no answer from ${state}`);
    try {
      ids = await inTime(runs?.open() ?? Promise.resolve([]), { ms: patienceMs, late });
      failingSince.delete(STATE);
      alarms.mend({ kind: "store_failing", subject: state });
    } catch (error) {
      const reason = reasonOf(error);
      log.warn({ reason }, "cannot list the runs");
      if (!lasts(STATE)) return;
      const message = `The state of the scheduler cannot be read: ${reason}. Runs wait until ${state} answers.`;
      alarms.raise({ kind: "store_failing", subject: state, message });
    }
    for (const runId of restsUntil.keys())
      if (ids?.includes(runId) === false) restsUntil.delete(runId);
    const now = elapsedMs();
    await reconcileEach((ids ?? []).filter((runId) => now >= (restsUntil.get(runId) ?? 0)));
    metrics.record("nightbeam.reconcile.duration", (elapsedMs() - began) / 1e3);
  };
  const run = (work: () => Promise<void>) => {
    clearTimeout(timer);
    if (closed || isRunning || runs === undefined) return;
    isRunning = true;
    pass = work().finally(() => {
      isRunning = false;
      if (closed) return;
      const soon = [...woken].filter((runId) => !underWay.has(runId));
      if (soon.length > 0) run(() => reconcileEach(soon));
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
