import { unlessAborted } from "@nightbeam/service";
import { codeOf, type Log, reasonOf } from "@nightbeam/service/log";
import type { Alarms } from "../alarms/alarms.js";
import { isoTime, type WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { Documents } from "../state/documents.js";
import { places } from "../state/places.js";
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
  /** Planning that has read no row for this long is given up, and the run is refused. */
  readonly maxIdleMs: number;
  readonly log: Log;
  /** Called after the planning of a run has ended, with or without success. */
  readonly onEnd: (runId: string) => void;
}

/**
 * Plans runs in the background, two at a time, because planning reads all histories and weights. One that makes no
 * progress holds up no other, and is given up after a while.
 */
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

const AT_ONCE = 2;
/** Planning that has read no row for this long lets another run begin. */
const YIELD_MS = 60_000;

const MIN_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 60_000;

interface PlanningTask {
  readonly controller: AbortController;
  read: number;
  done: Promise<void>;
}

interface FailedAttempts {
  readonly failures: number;
  readonly reason: string;
  readonly notBefore: number;
}

export function openPlanner(options: PlannerOptions): Planner {
  const { plan, refusals, alarms, clock, log, onEnd, maxIdleMs } = options;
  const tasks = new Map<string, PlanningTask>();
  const failed = new Map<string, FailedAttempts>();
  let closed = false;
  const { take } = places(AT_ONCE);

  const refuse = async (record: RunRecord, error: unknown) => {
    const { runId, night } = record;
    const reason = reasonOf(error);
    const code = codeOf(error) ?? "INTERNAL";
    if (code === "INTERNAL") log.error({ error, runId }, "planning failed unexpectedly");
    await refusals.create(runId, { code, reason, at: isoTime(clock.now()) });
    alarms.raise({
      kind: "run_refused",
      runId,
      message: `Run ${runId} cannot be planned: ${reason}. Remove the cause, then run \`nightbeam retry ${runId}\`.`,
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
    const leave = await take();
    const giveUp = () => task.controller.abort(stuck(maxIdleMs, task.read));
    let timers: NodeJS.Timeout[] = [];
    const moved = () => {
      for (const timer of timers) clearTimeout(timer);
      timers = [setTimeout(leave, YIELD_MS), setTimeout(giveUp, maxIdleMs)];
      for (const timer of timers) timer.unref();
    };
    try {
      signal.throwIfAborted();
      moved();
      const onRows = (read: number) => {
        task.read = read;
        moved();
      };
      log.info({ runId }, "planning a run");
      // A file that never answers does not notice the signal.
      const planned = await unlessAborted(plan(record, { signal, onRows }), signal);
      failed.delete(runId);
      // If another scheduler plans it, the next reconcile pass asks again.
      if (!planned) return;
    } catch (error) {
      const isGivenUp = signal.reason instanceof SchedulerError;
      if (signal.aborted && !isGivenUp) log.info({ runId }, "planning was cancelled");
      else if (isPassing(error)) postpone(runId, error);
      else await refuse(record, error).catch((failure: unknown) => postpone(runId, failure));
    } finally {
      for (const timer of timers) clearTimeout(timer);
      leave();
      tasks.delete(runId);
    }
    if (!closed) onEnd(runId);
  };

  return {
    request: (record) => {
      const { runId } = record;
      const early = clock.now() < (failed.get(runId)?.notBefore ?? 0);
      if (closed || early || tasks.has(runId)) return;
      const task = { controller: new AbortController(), read: 0, done: Promise.resolve() };
      tasks.set(runId, task);
      task.done = work(record);
    },
    abort: (runId) => tasks.get(runId)?.controller.abort(new Error("the run was cancelled")),
    readRows: (runId) => tasks.get(runId)?.read,
    failure: (runId) => failed.get(runId)?.reason,
    close: async () => {
      closed = true;
      const left = [...tasks.values()];
      for (const { controller } of left) controller.abort(new Error("stopping"));
      await Promise.all(left.map(({ done }) => done));
    },
  };
}

function stuck(maxIdleMs: number, read: number): SchedulerError {
  const minutes = Math.max(1, Math.round(maxIdleMs / 60_000));
  return new SchedulerError(
    "PLANNING_STUCK",
    `No row of its histories was read for ${minutes} min, after ${read} rows. Check that its paths are regular ` +
      "files and that their disks answer; raise --planning-idle of the scheduler if they are only slow.",
  );
}
