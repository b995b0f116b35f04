import type { Alarms } from "../../alarms/alarms.js";
import { isoTime } from "../../clock.js";
import { aboutRun, type OpenRun } from "./open-run.js";
import { lateness } from "./pace.js";

export const LATE = ["run_late", "night_late"] as const;

/** Two alarms of one kind: before a run is late, and when it is. */
const EXPECTED = "expected";
const MISSED = "missed";

export interface CheckDueOptions {
  readonly one: OpenRun;
  /** Milliseconds until it is complete at its present rate, if that can be estimated. */
  readonly leftMs: number | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
}

/** Raises or ends the alarms of a run that must be complete at some time. @returns whether it is late */
export function checkDue({ one, leftMs, now, alarms }: CheckDueOptions): boolean {
  const { view, stalled, wasLate } = one;
  const { runId, night, dueAt, submittedAt } = view.record;
  if (dueAt === undefined) return false;
  const times = { now, dueAt: Date.parse(dueAt), submittedAt: Date.parse(submittedAt) };
  const answer = lateness({ ...times, leftMs, wasLate, stalled: stalled?.why });
  const kind = night === undefined ? "run_late" : "night_late";
  const about = { kind, ...aboutRun(view) } as const;
  const done = `${view.commits.length} of ${view.standing.shards} shards are done`;
  switch (answer) {
    case "in-time":
      // Another scheduler, which watched for longer, may know better.
      if (wasLate) alarms.mend({ kind, runId, subject: EXPECTED });
      return false;
    case "late": {
      const message =
        `Run ${runId} is due at ${dueAt}, but ${whyLate(one, { now, leftMs })} (${done}). ` +
        "Start more drafters and verifiers, or remove what holds it up.";
      alarms.raise({ ...about, subject: EXPECTED, message });
      return true;
    }
    case "missed": {
      const message = `Run ${runId} was due at ${dueAt} and is not complete: it is ${view.state}, ${done}.`;
      alarms.raise({ ...about, subject: MISSED, message });
      return true;
    }
    default:
      return answer satisfies never;
  }
}

function whyLate(
  { stalled, view }: OpenRun,
  { now, leftMs }: { readonly now: number; readonly leftMs: number | undefined },
): string {
  if (stalled !== undefined) return `it stands still: ${stalled.why}`;
  if (leftMs !== undefined) return `at the present rate it ends at ${isoTime(now + leftMs)}`;
  return view.state === "running" ? "nothing is done yet" : `it is ${view.state}`;
}
