/**
 * The states of a process of a cluster. `step` is the only transition.
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
 * A process that was ready before is always restarted, with increasing delays. One that was never ready stays
 * `failed`: a restart would not help.
 */
export type Phase = "starting" | "ready" | "stopping" | "stopped" | "failed";

export interface ChildState {
  readonly phase: Phase;
  /** Whether it was ready at least once. */
  readonly proven: boolean;
  /** Consecutive exits without a longer time of being ready between them. */
  readonly failures: number;
  /** When it became ready, in milliseconds of the clock. Only in `ready`. */
  readonly readyAtMs?: number;
}

export type ChildEvent =
  | { readonly kind: "ready"; readonly atMs: number }
  | { readonly kind: "exited"; readonly atMs: number }
  /** It was not ready in time. */
  | { readonly kind: "overdue" }
  /** The delay before a restart is over. */
  | { readonly kind: "retry" }
  | { readonly kind: "stop" }
  /** It did not exit within its grace time, or the user does not want to wait. */
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
  /** Delay before the first restart; doubled for each further one. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** After being ready for this long, earlier failures do not count. */
  readonly resetMs: number;
}

export const BACK_OFF: BackOff = { firstMs: 500, maxMs: 30_000, resetMs: 60_000 };

/** The state before the first start; `retry` starts the process. */
export const UNSTARTED: ChildState = { phase: "failed", proven: false, failures: 0 };

/** Returns the next state. Events without a meaning in a phase are ignored, because timers and exits can race. */
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
  const isReset = readyAtMs !== undefined && atMs - readyAtMs >= backOff.resetMs;
  const failures = isReset ? 1 : state.failures + 1;
  const ms = Math.min(backOff.firstMs * 2 ** (failures - 1), backOff.maxMs);
  return {
    state: { ...settled(state), phase: "failed", failures },
    effects: state.proven ? [{ kind: "retry-in", ms }] : [],
  };
}

/** Removes the time of becoming ready, which only `ready` has. */
function settled({ readyAtMs: _, ...state }: ChildState): ChildState {
  return state;
}

function stay(state: ChildState, effects: readonly Effect[] = []): Step {
  return { state, effects };
}
