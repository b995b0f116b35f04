import type { RunState as StoredState } from "@nightbeam/run";
import type { RunStateName } from "../api/answers.js";
import { SchedulerError } from "../errors.js";

/**
 * What happens to a run:
 *
 * ```
 * planning --planned--> running --finished--> complete
 *    |  ^                |   ^ ^                 ^
 *    |  +--- resumed --+ |   | +-- resumed --+   | finished (a late commit)
 *    +- refused -> refused   |               |   |
 *    |                   +-- set_aside --> partial
 *    +- cancelled ----> cancelled <-- cancelled -+ (from planning and running)
 *                          +-- resumed --> planning
 * ```
 *
 * A cancelled run that is resumed is planning until somebody sees that its plan stands.
 */
export type RunEvent = "planned" | "refused" | "finished" | "set_aside" | "cancelled" | "resumed";

const NEXT: Readonly<Record<RunStateName, Readonly<Partial<Record<RunEvent, RunStateName>>>>> = {
  planning: { planned: "running", refused: "refused", cancelled: "cancelled" },
  refused: { resumed: "planning" },
  running: { finished: "complete", set_aside: "partial", cancelled: "cancelled" },
  partial: { resumed: "running", finished: "complete" },
  cancelled: { resumed: "planning" },
  complete: {},
};

/** The state after an event. @throws SchedulerError RUN_STATE where it cannot happen any more */
export function nextRunState(state: RunStateName, event: RunEvent): RunStateName {
  const next = NEXT[state][event];
  if (next !== undefined) return next;
  throw new SchedulerError("RUN_STATE", `The run is ${state}; it cannot be ${event} any more.`);
}

/** Whether an event can happen to a run. */
export function canHappen(state: RunStateName, event: RunEvent): boolean {
  return NEXT[state][event] !== undefined;
}

/** What tells where a run stands: the state is never stored by itself. */
export interface RunMarks {
  /** What the files of the run's place show. */
  readonly stored: StoredState;
  /** The state store says why it cannot be planned. */
  readonly refused: boolean;
  /** It was cancelled before it was planned, and is submitted again. */
  readonly reopening: boolean;
}

/** The state that files show. */
export function stateOf({ stored, refused, reopening }: RunMarks): RunStateName {
  switch (stored) {
    case "unplanned":
      return refused ? "refused" : "planning";
    case "planned":
      return "running";
    case "cancelled":
      return reopening ? (refused ? "refused" : "planning") : "cancelled";
    case "partial":
    case "complete":
      return stored;
    default:
      return stored satisfies never;
  }
}
