import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BackOff,
  type ChildEvent,
  type ChildState,
  type Effect,
  step,
  UNSTARTED,
} from "../../src/cluster/supervision/child-state.js";

const BACK_OFF: BackOff = { firstMs: 100, maxMs: 1_000, resetMs: 5_000 };

/** The state after a history of events, and all effects. */
function run(events: readonly ChildEvent[]): { state: ChildState; effects: Effect[] } {
  const effects: Effect[] = [];
  let state = UNSTARTED;
  for (const event of events) {
    const next = step(state, event, BACK_OFF);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

const retry = { kind: "retry" } as const;
const stop = { kind: "stop" } as const;
const ready = (atMs: number) => ({ kind: "ready", atMs }) as const;
const exited = (atMs: number) => ({ kind: "exited", atMs }) as const;

describe("a child's state", () => {
  it("does not start again what was never ready", () => {
    const { state, effects } = run([retry, exited(5)]);
    expect(state.phase).toBe("failed");
    expect(effects).toEqual([{ kind: "spawn" }]);
  });

  it("waits twice as long for every further end, up to a longest wait", () => {
    const crash = [retry, exited(2)];
    const { effects } = run([retry, ready(1), exited(2), ...Array(5).fill(crash).flat()]);
    const waits = effects.flatMap((effect) => (effect.kind === "retry-in" ? [effect.ms] : []));
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("forgives earlier ends after a longer time of being ready", () => {
    const twice = [retry, ready(0), exited(1), retry, ready(10)];
    const at = (atMs: number) => run([...twice, exited(atMs)]).effects.at(-1);
    expect(at(10 + 4_999)).toEqual({ kind: "retry-in", ms: 200 });
    expect(at(10 + 5_000)).toEqual({ kind: "retry-in", ms: 100 });
  });

  it("kills what is not ready in time, and fails when that has ended", () => {
    const { state, effects } = run([retry, { kind: "overdue" }]);
    expect(state.phase).toBe("starting");
    expect(effects.at(-1)).toEqual({ kind: "signal", signal: "SIGKILL" });
    expect(step(state, exited(9)).state.phase).toBe("failed");
  });

  it("terminates, and kills when asked to", () => {
    const stopping = run([retry, ready(0), stop]);
    expect(stopping.effects.at(-1)).toEqual({ kind: "signal", signal: "SIGTERM" });
    const killed = step(stopping.state, { kind: "kill" });
    expect(killed.effects).toEqual([{ kind: "signal", signal: "SIGKILL" }]);
    expect(step(killed.state, exited(1)).state.phase).toBe("stopped");
  });

  it("is stopped at once if nothing runs", () => {
    expect(run([retry, ready(0), exited(1), stop]).state.phase).toBe("stopped");
  });

  const events = fc.array(
    fc.oneof(
      fc.constantFrom<ChildEvent>(retry, stop, { kind: "overdue" }, { kind: "kill" }),
      fc.nat(10_000).map(ready),
      fc.nat(10_000).map(exited),
    ),
    { maxLength: 40 },
  );

  it("never runs two processes, and never starts one after a stop", () => {
    fc.assert(
      fc.property(events, (history) => {
        let state = UNSTARTED;
        let asked = false;
        for (const event of history) {
          const lives = ["starting", "ready", "stopping"].includes(state.phase);
          const next = step(state, event, BACK_OFF);
          const spawns = next.effects.some(({ kind }) => kind === "spawn");
          if (spawns) expect(lives || asked).toBe(false);
          asked ||= event.kind === "stop";
          state = next.state;
        }
      }),
    );
  });

  it("can be stopped from any state: after a stop and an exit nothing is left to do", () => {
    fc.assert(
      fc.property(events, (history) => {
        const { state } = run([...history, stop, exited(1)]);
        expect(state.phase).toBe("stopped");
      }),
    );
  });
});
