import { RunError } from "../errors.js";

/**
 * Where a run stands:
 *
 * ```
 * unplanned --planned--> planned --finished------> complete
 *     |                   | ^ |                       ^
 *     |                   | | +--set_aside--> partial-+ finished (an attempt that had been
 *     |                   | |                  | |        given up has committed after all)
 *     |                   | +---resubmitted----+ |
 *     |                   | |                    |
 *     |         cancelled | | resubmitted        | cancelled
 *     |                   v |                    |
 *     +----cancelled---> cancelled <-------------+
 * ```
 *
 * `committed`, and `planned` by a second planner, change nothing. A complete run stays complete:
 * submitted again, there is nothing to do.
 *
 * The state is never stored: it is what the store shows. Every transition is the creation or the
 * removal of one file, so that whoever is killed leaves one of the five.
 */
export type RunState = "unplanned" | "planned" | "complete" | "partial" | "cancelled";

export type RunEvent =
  /** plan.json is created. */
  | "planned"
  /** A shard's record is created. */
  | "committed"
  /** The shards that are missing have failed for good: partial.json is written. */
  | "set_aside"
  /** manifest.json is created. */
  | "finished"
  /** A person stops the run: cancelled.json is written. */
  | "cancelled"
  /** A person submits the run again, its plan stands, and the marks are removed. */
  | "resubmitted";

const TRANSITIONS: Readonly<Record<RunState, Readonly<Partial<Record<RunEvent, RunState>>>>> = {
  unplanned: { planned: "planned", cancelled: "cancelled" },
  planned: {
    planned: "planned",
    committed: "planned",
    set_aside: "partial",
    finished: "complete",
    cancelled: "cancelled",
    resubmitted: "planned",
  },
  partial: {
    planned: "partial",
    committed: "partial",
    set_aside: "partial",
    finished: "complete",
    cancelled: "cancelled",
    resubmitted: "planned",
  },
  cancelled: {
    planned: "cancelled",
    committed: "cancelled",
    cancelled: "cancelled",
    resubmitted: "planned",
  },
  complete: {
    planned: "complete",
    committed: "complete",
    finished: "complete",
    resubmitted: "complete",
  },
};

/** The state after an event. @throws RunError RUN_STATE where the event cannot happen */
export function nextRunState(state: RunState, event: RunEvent): RunState {
  const next = TRANSITIONS[state][event];
  if (next !== undefined) return next;
  throw new RunError("RUN_STATE", `The run is ${state}; it cannot be ${WORDS[event]}.`);
}

const WORDS: Readonly<Record<RunEvent, string>> = {
  planned: "planned",
  committed: "committed to",
  set_aside: "called partial",
  finished: "finished; submit it again first",
  cancelled: "cancelled",
  resubmitted: "continued; plan it first",
};

/** The files that tell the state. */
export interface RunFiles {
  readonly plan: boolean;
  readonly manifest: boolean;
  readonly partial: boolean;
  readonly cancelled: boolean;
}

/** The state that files show. A manifest counts whatever else there is, as readers trust it. */
export function stateOfFiles(files: RunFiles): RunState {
  if (files.manifest) return "complete";
  if (files.cancelled) return "cancelled";
  if (!files.plan) return "unplanned";
  return files.partial ? "partial" : "planned";
}
