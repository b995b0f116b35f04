import { RunError } from "../errors.js";

/**
 * Where a run stands:
 *
 * ```
 * new --plan_written--> planned --finished--> complete
 *                       |     ^
 *                       +-----+ part_committed
 * ```
 *
 * The state is never stored: it is what the directory shows. No plan.json is `new`, a manifest.json
 * is `complete`, anything between is `planned`. Every transition is one atomic creation of a file,
 * so a process killed at any moment leaves one of the three.
 */
export type RunState = "new" | "planned" | "complete";

export type RunEvent = "plan_written" | "part_committed" | "finished";

const TRANSITIONS: Readonly<Record<RunState, Readonly<Partial<Record<RunEvent, RunState>>>>> = {
  new: { plan_written: "planned" },
  planned: { part_committed: "planned", finished: "complete" },
  complete: {},
};

/** The state after an event. @throws RunError RUN_STATE where the event cannot happen */
export function nextState(state: RunState, event: RunEvent): RunState {
  const next = TRANSITIONS[state][event];
  if (next !== undefined) return next;
  throw new RunError(
    "RUN_STATE",
    `The run is ${state}; "${event}" cannot happen to it any more. ` +
      "Open it again, or start a run in another directory.",
  );
}

/** The state that a directory shows. */
export function stateOf(found: { readonly plan: boolean; readonly manifest: boolean }): RunState {
  if (!found.plan) return "new";
  return found.manifest ? "complete" : "planned";
}
