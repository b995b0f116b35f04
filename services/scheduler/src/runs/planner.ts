import { codeOf, type Log, reasonOf } from "@nightbeam/service/log";
import type { AlarmBook } from "../alarms/alarms.js";
import { type Clock, isoTime } from "../clock.js";
import type { Documents } from "../state/documents.js";
import { isPassing } from "./passing.js";
import type { RunRecord } from "./run-record.js";
import type { Refusal } from "./run-view.js";

/** What a planning tells while it goes on. */
export interface PlanningProgress {
  readonly signal: AbortSignal;
  readonly onRows: (read: number) => void;
}

export interface PlannerOptions {
  /** Plans a run. @returns false where somebody else is at it */
  readonly plan: (record: RunRecord, progress: PlanningProgress) => Promise<boolean>;
  readonly refusals: Pick<Documents<Refusal>, "create">;
  readonly alarms: Pick<AlarmBook, "raise">;
  readonly clock: Clock;
  readonly log: Log;
  /** A planning has ended, well or badly. */
  readonly onEnd: (runId: string) => void;
}

/** Plans runs in the background, one at a time: a planning reads all histories and weights. */
export interface Planner {
  /** Has a run planned, unless it is under way or was tried a moment ago. */
  request(record: RunRecord): void;
  /** Breaks a planning off, as its run was cancelled. */
  abort(runId: string): void;
  /** Rows read of a planning that is under way. */
  readRows(runId: string): number | undefined;
  /** Why the last try failed, where it is tried again. */
  trouble(runId: string): string | undefined;
  /** Breaks everything off: another process, or this one later, plans what is left. */
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

interface Trial {
  readonly failures: number;
  readonly reason: string;
  readonly notBefore: number;
}

export function openPlanner(options: PlannerOptions): Planner {
  const { plan, refusals, alarms, clock, log, onEnd } = options;
  const underWay = new Map<string, { controller: AbortController; read: number }>();
  const trials = new Map<string, Trial>();
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
    const failures = (trials.get(runId)?.failures ?? 0) + 1;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    const reason = reasonOf(error);
    trials.set(runId, { failures, reason, notBefore: clock.now() + pauseMs });
    log.warn({ runId, reason, failures, pauseMs }, "planning failed; it is tried again");
  };

  const work = async (record: RunRecord) => {
    const { runId } = record;
    const task = underWay.get(runId);
    if (task === undefined) return;
    const { signal } = task.controller;
    try {
      signal.throwIfAborted();
      const onRows = (read: number) => {
        task.read = read;
      };
      log.info({ runId }, "planning a run");
      const planned = await plan(record, { signal, onRows });
      trials.delete(runId);
      // Else it is asked for again when all runs are looked after.
      if (!planned) return;
    } catch (error) {
      if (signal.aborted) log.info({ runId }, "planning was broken off");
      else if (isPassing(error)) postpone(runId, error);
      else await refuse(record, error).catch((failure: unknown) => postpone(runId, failure));
    } finally {
      underWay.delete(runId);
    }
    if (!closed) onEnd(runId);
  };

  return {
    request: (record) => {
      const { runId } = record;
      const early = clock.now() < (trials.get(runId)?.notBefore ?? 0);
      if (closed || early || underWay.has(runId)) return;
      underWay.set(runId, { controller: new AbortController(), read: 0 });
      tail = tail.then(() => work(record));
    },
    abort: (runId) => underWay.get(runId)?.controller.abort(new Error("the run was cancelled")),
    readRows: (runId) => underWay.get(runId)?.read,
    trouble: (runId) => trials.get(runId)?.reason,
    close: async () => {
      closed = true;
      for (const { controller } of underWay.values()) controller.abort(new Error("stopping"));
      await tail;
    },
  };
}
