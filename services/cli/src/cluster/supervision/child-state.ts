/**
 * The life of one process of a cluster. `step` is the only transition.
 *
 * ```
 *              ready                 stop              exited
 *   starting ---------> ready ----------------> stopping ----> stopped
 *      |  ^               |                        ^              ^
 *      |  | retry         | exited                 | stop         | stop
 *      |  +---- failed <--+                        |              |
 *      |           ^------------------ exited -----+- starting   failed
 *      +-----------+
 * ```
 *
 * A process that has been ready before is started again for ever, less and less often. One that never
 * was ready stays `failed`: something about it is wrong that another start does not mend.
 */
export type Phase = "starting" | "ready" | "stopping" | "stopped" | "failed";

export interface ChildState {
  readonly phase: Phase;
  /** It was ready at least once. */
  readonly proven: boolean;
  /** Ends in a row without a longer time of being ready between them. */
  readonly failures: number;
  /** When it became ready, in milliseconds of the clock; undefined outside of `ready`. */
  readonly readyAtMs?: number;
}

export type ChildEvent =
  | { readonly kind: "ready"; readonly atMs: number }
  | { readonly kind: "exited"; readonly atMs: number }
  /** It was not ready in time. */
  | { readonly kind: "overdue" }
  /** The wait before another start is over. */
  | { readonly kind: "retry" }
  | { readonly kind: "stop" }
  /** It did not end within its grace, or a person will not wait for it. */
  | { readonly kind: "kill" };

export type Effect =
  | { readonly kind: "spawn" }
  | { readonly kind: "signal"; readonly signal: "SIGTERM" | "SIGKILL" }
  | { readonly kind: "retry-in"; readonly ms: number };

export interface Step {
  readonly state: ChildState;
  readonly effects: readonly Effect[];
}

export interface BackOff {
  /** Before the second start; doubled for every further one. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Being ready that long forgives earlier ends. */
  readonly forgivenMs: number;
}

export const BACK_OFF: BackOff = { firstMs: 500, longestMs: 30_000, forgivenMs: 60_000 };

/** What a process is before its first start; `retry` starts it. */
export const UNSTARTED: ChildState = { phase: "failed", proven: false, failures: 0 };

/** Events that mean nothing in a phase change nothing: a timer and an end may cross each other. */
export function step(state: ChildState, event: ChildEvent, backOff: BackOff = BACK_OFF): Step {
  const { phase } = state;
  switch (event.kind) {
    case "retry":
      if (phase !== "failed") return stay(state);
      return { state: { ...settled(state), phase: "starting" }, effects: [{ kind: "spawn" }] };
    case "ready":
      if (phase !== "starting") return stay(state);
      return {
        state: { ...state, phase: "ready", proven: true, readyAtMs: event.atMs },
        effects: [],
      };
    case "overdue":
      return phase === "starting" ? stay(state, [KILL]) : stay(state);
    case "exited":
      if (phase === "stopping")
        return { state: { ...settled(state), phase: "stopped" }, effects: [] };
      return phase === "starting" || phase === "ready"
        ? ended(state, event.atMs, backOff)
        : stay(state);
    case "stop":
      if (phase === "failed")
        return { state: { ...settled(state), phase: "stopped" }, effects: [] };
      if (phase !== "starting" && phase !== "ready") return stay(state);
      return { state: { ...settled(state), phase: "stopping" }, effects: [TERMINATE] };
    case "kill":
      return phase === "stopping" ? stay(state, [KILL]) : stay(state);
  }
}

const KILL: Effect = { kind: "signal", signal: "SIGKILL" };
const TERMINATE: Effect = { kind: "signal", signal: "SIGTERM" };

function ended(state: ChildState, atMs: number, backOff: BackOff): Step {
  const { readyAtMs } = state;
  const forgiven = readyAtMs !== undefined && atMs - readyAtMs >= backOff.forgivenMs;
  const failures = forgiven ? 1 : state.failures + 1;
  const ms = Math.min(backOff.firstMs * 2 ** (failures - 1), backOff.longestMs);
  return {
    state: { ...settled(state), phase: "failed", failures },
    effects: state.proven ? [{ kind: "retry-in", ms }] : [],
  };
}

/** Without the moment of becoming ready, which only `ready` has. */
function settled({ readyAtMs: _, ...state }: ChildState): ChildState {
  return state;
}

function stay(state: ChildState, effects: readonly Effect[] = []): Step {
  return { state, effects };
}
