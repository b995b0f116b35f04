import type { RunStateName } from "@nightbeam/api";
import {
  canHappen,
  nextRunState,
  type RunEvent,
  type RunState,
  type StoredRunState,
} from "@nightbeam/run";
import { SchedulerError } from "../errors.js";

/** The state of a run that could be read. */
export type ViewState = Exclude<RunStateName, "unreadable">;

/** The names that the HTTP API has for the states of a run. The transitions are in `@nightbeam/run`. */
const NAMES = {
  unplanned: "planning",
  refused: "refused",
  planned: "running",
  paused: "paused",
  partial: "partial",
  cancelled: "cancelled",
  complete: "complete",
} as const satisfies Readonly<Record<RunState, ViewState>>;

const STATES = {
  planning: "unplanned",
  refused: "refused",
  running: "planned",
  paused: "paused",
  partial: "partial",
  cancelled: "cancelled",
  complete: "complete",
} as const satisfies { readonly [Name in ViewState]: keyof typeof NAMES };

/**
 * Whether the scheduler lets an event happen. A partial run has ended: a store could still mark it as
 * cancelled, but the API does not offer that.
 */
export function isPossible(state: ViewState, event: RunEvent): boolean {
  if (state === "partial" && event === "cancelled") return false;
  return canHappen(STATES[state], event);
}

/** The state after an event. @throws SchedulerError RUN_STATE if the event is not possible */
export function stateAfter(state: ViewState, event: RunEvent): ViewState {
  if (isPossible(state, event)) return NAMES[nextRunState(STATES[state], event)];
  const words = event.replace("-", " ");
  throw new SchedulerError("RUN_STATE", `The run is ${state}; it cannot be ${words} any more.`);
}

/** What determines the state of a run; the state itself is never stored. */
export interface RunMarks {
  /** The state that the files of the run show. */
  readonly stored: StoredRunState;
  /** The state store has the reason why the run cannot be planned. */
  readonly refused: boolean;
  /** The run was cancelled before it was planned, and has been submitted again. */
  readonly reopening: boolean;
}

/** The state of a run, by its name in the API. */
export function stateOf({ stored, refused, reopening }: RunMarks): ViewState {
  const state = stored === "cancelled" && reopening ? "unplanned" : stored;
  return NAMES[state === "unplanned" && refused ? "refused" : state];
}
