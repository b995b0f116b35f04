import { codeOf, type Log, reasonOf } from "@nightbeam/service/log";
import type { Alarms } from "../alarms/alarms.js";
import { isoTime, type WallClock } from "../clock.js";
import type { Documents } from "../state/documents.js";
import { isPassing } from "./passing.js";
import type { RunRecord } from "./run-record.js";
import type { Refusal } from "./run-view.js";

/** Cancels planning, and reports its progress. */
export interface PlanningProgress {
  readonly signal: AbortSignal;
  readonly onRows: (read: number) => void;
}

export interface PlannerOptions {
  /** Plans a run. @returns false if another scheduler is planning it */
  readonly plan: (record: RunRecord, progress: PlanningProgress) => Promise<boolean>;
  readonly refusals: Pick<Documents<Refusal>, "create">;
  readonly alarms: Pick<Alarms, "raise">;
  readonly clock: WallClock;
  readonly log: Log;
  /** Called after the planning of a run has ended, with or without success. */
  readonly onEnd: (runId: string) => void;
}

/** Plans runs in the background, one at a time, because planning reads all histories and weights. */
export interface Planner {
  /** Queues the planning of a run, unless it is queued, in progress or has just failed. */
  request(record: RunRecord): void;
  /** Cancels the planning of a cancelled run. */
  abort(runId: string): void;
  /** Rows read so far, if the run is being planned. */
  readRows(runId: string): number | undefined;
  /** Why the last attempt failed, if it is retried. */
  failure(runId: string): string | undefined;
  /** Cancels all planning. Another process, or this one after a restart, plans what is left. */
  close(): Promise<void>;
}

const MIN_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 60_000;

interface FailedAttempts {
  readonly failures: number;
  readonly reason: string;
  readonly notBefore: number;
}

export function openPlanner(options: PlannerOptions): Planner {
  const { plan, refusals, alarms, clock, log, onEnd } = options;
  const tasks = new Map<string, { controller: AbortController; read: number }>();
  const failed = new Map<string, FailedAttempts>();
  let closed = false;
  let tail: Promise<void> = Promise.resolve();

  const refuse = async (record: RunRecord, error: unknown) => {
    const { runId, night } = record;
    const reason = reasonOf(error);
    const code = codeOf(error) ?? "INTERNAL";
    if (code === "INTERNAL") log.error({ error, runId }, "planning failed unexpectedly");
    await refusals.create(runId, { code, reason, at: isoTime(clock.now()) });
    alarms.raise({
      kind: "run_refused",
      runId,
      message: `Run ${runId} cannot be planned: ${reason}. Remove the cause and submit it again.`,
      ...(night === undefined ? {} : { night }),
    });
  };

  const postpone = (runId: string, error: unknown) => {
    const failures = (failed.get(runId)?.failures ?? 0) + 1;
    const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (failures - 1));
    const reason = reasonOf(error);
    failed.set(runId, { failures, reason, notBefore: clock.now() + pauseMs });
    log.warn({ runId, reason, failures, pauseMs }, "planning failed; retrying");
  };

  const work = async (record: RunRecord) => {
    const { runId } = record;
    const task = tasks.get(runId);
    if (task === undefined) return;
    const { signal } = task.controller;
    try {
      signal.throwIfAborted();
      const onRows = (read: number) => {
        task.read = read;
      };
      log.info({ runId }, "planning a run");
      const planned = await plan(record, { signal, onRows });
      failed.delete(runId);
      // If another scheduler plans it, the next reconcile pass asks again.
      if (!planned) return;
    } catch (error) {
      if (signal.aborted) log.info({ runId }, "planning was cancelled");
      else if (isPassing(error)) postpone(runId, error);
      else await refuse(record, error).catch((failure: unknown) => postpone(runId, failure));
    } finally {
      tasks.delete(runId);
    }
    if (!closed) onEnd(runId);
  };

  return {
    request: (record) => {
      const { runId } = record;
      const early = clock.now() < (failed.get(runId)?.notBefore ?? 0);
      if (closed || early || tasks.has(runId)) return;
      tasks.set(runId, { controller: new AbortController(), read: 0 });
      tail = tail.then(() => work(record));
    },
    abort: (runId) => tasks.get(runId)?.controller.abort(new Error("the run was cancelled")),
    readRows: (runId) => tasks.get(runId)?.read,
    failure: (runId) => failed.get(runId)?.reason,
    close: async () => {
      closed = true;
      for (const { controller } of tasks.values()) controller.abort(new Error("stopping"));
      await tail;
    },
  };
}
