import { RunError } from "./errors.js";

/**
 * The state of a run, on one machine and in a cluster alike:
 *
 * ```
 * unplanned -> planned -> complete                      the usual way
 * unplanned -> refused -> unplanned                     refused, then resumed
 * planned -> partial -> planned                         set-aside, then resumed or reopened
 * planned -> partial -> complete                        set-aside, then finished: a late attempt
 *                                                       has committed the missing shards
 * unplanned, planned, partial, paused -> cancelled      cancelled
 * cancelled -> unplanned                                resumed
 * cancelled -> planned                                  reopened, which requires a plan
 * planned -> paused -> planned                          paused, then unpaused
 * paused -> complete                                    finished: the shards in progress were the
 *                                                       last ones
 * ```
 *
 * A run that is paused before it is planned stays unplanned until its plan exists, and is paused then.
 * `committed` changes nothing. A cancelled run that is resumed counts as unplanned until a planner has
 * found that its plan exists.
 *
 * The state is never stored: it follows from the files of the run (`storedState`). Every transition is
 * the atomic creation or removal of one file, so a process that is killed leaves one of these states.
 *
 * Not every view shows every state: a run on one machine is only ever `planned` or `complete`, files
 * alone never show `refused` (`StoredRunState`), and the scheduler's HTTP API has names of its own.
 */
export type RunState =
  | "unplanned"
  | "refused"
  | "planned"
  | "paused"
  | "partial"
  | "cancelled"
  | "complete";

export type RunEvent =
  /** plan.json is created. */
  | "planned"
  /** The scheduler finds that the request cannot be planned. */
  | "refused"
  /** The commit record of a part is created. */
  | "committed"
  /** The missing shards have failed permanently: partial.json is written. */
  | "set-aside"
  /** manifest.json is created. */
  | "finished"
  /** A user stops the run: cancelled.json is written. */
  | "cancelled"
  /** A user has the run take no more shards: paused.json is written. */
  | "paused"
  /** A user has the run go on: paused.json is removed. */
  | "unpaused"
  /** A user submits the run again. */
  | "resumed"
  /** The run continues under its plan: partial.json, paused.json and cancelled.json are removed. */
  | "reopened";

/** What the files of a run can show; the scheduler keeps refusals elsewhere. */
export type StoredRunState = Exclude<RunState, "refused">;

const TRANSITIONS: Readonly<Record<RunState, Readonly<Partial<Record<RunEvent, RunState>>>>> = {
  unplanned: {
    planned: "planned",
    refused: "refused",
    cancelled: "cancelled",
    paused: "unplanned",
    unpaused: "unplanned",
  },
  refused: { resumed: "unplanned" },
  planned: {
    committed: "planned",
    "set-aside": "partial",
    finished: "complete",
    cancelled: "cancelled",
    paused: "paused",
    unpaused: "planned",
    reopened: "planned",
  },
  // Shards in progress end as usual. What fails then is tried again after the pause.
  paused: {
    committed: "paused",
    finished: "complete",
    cancelled: "cancelled",
    paused: "paused",
    unpaused: "planned",
    reopened: "planned",
  },
  partial: {
    committed: "partial",
    "set-aside": "partial",
    finished: "complete",
    cancelled: "cancelled",
    resumed: "planned",
    reopened: "planned",
  },
  // A planner or a drafter may not have noticed yet that the run was cancelled.
  cancelled: {
    planned: "cancelled",
    committed: "cancelled",
    resumed: "unplanned",
    reopened: "planned",
  },
  complete: { reopened: "complete" },
};

/** Whether an event is possible in a state. */
export function canHappen(state: RunState, event: RunEvent): boolean {
  return TRANSITIONS[state][event] !== undefined;
}

/** The state after an event. @throws RunError RUN_STATE if the event is not possible */
export function nextRunState(state: RunState, event: RunEvent): RunState {
  const next = TRANSITIONS[state][event];
  if (next !== undefined) return next;
  throw new RunError(
    "RUN_STATE",
    `The run is ${state}; it cannot be ${event.replace("-", " ")} any more.`,
  );
}

/** The files that show the state of a run; whether each exists. */
export interface RunFiles {
  readonly plan: boolean;
  readonly manifest: boolean;
  readonly partial: boolean;
  readonly paused: boolean;
  readonly cancelled: boolean;
}

/** The state that files show. The manifest comes first, because readers trust it. */
export function storedState(files: RunFiles): StoredRunState {
  if (files.manifest) return "complete";
  if (files.cancelled) return "cancelled";
  if (!files.plan) return "unplanned";
  if (files.partial) return "partial";
  return files.paused ? "paused" : "planned";
}
