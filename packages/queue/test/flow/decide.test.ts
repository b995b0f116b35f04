import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decision, decide } from "../../src/flow/decide.js";
import type { StoredState } from "../../src/flow/read-jobs.js";
import type { StoredRun } from "../../src/flow/run-jobs.js";

const ALIVE = ["waiting", "active", "delayed"];
const SHARD_STATES: StoredState[] = [
  "waiting",
  "active",
  "delayed",
  "completed",
  "failed",
  "lost",
  "missing",
];

function finishWith(state: StoredState, waitsFor: readonly number[] = []): StoredRun["finish"] {
  const stuck = state === "waiting-children" && waitsFor.length === 0;
  return { state, reason: undefined, starts: 0, children: 0, stuck, waitsFor: new Set(waitsFor) };
}

function shardsWith(states: readonly StoredState[]): StoredRun["shards"] {
  return states.map((state, index) => ({
    index,
    state,
    reason: undefined,
    starts: 0,
    priority: 2,
    owned: true,
  }));
}

const repair = { completed: true, failed: false };

function decided(
  finish: StoredRun["finish"],
  states: readonly StoredState[],
  recreate = repair,
): Decision {
  const uncommitted = new Set(states.keys());
  return decide({
    run: { finish, shards: shardsWith(states) },
    uncommitted,
    recreate,
    priority: 2,
  });
}

describe("the decision about the jobs of a run", () => {
  it("adds all jobs when there are none", () => {
    const nothing = decided(finishWith("missing"), ["missing", "missing"]);
    expect(nothing).toMatchObject({ add: [0, 1], remove: [], attach: [], finish: "add" });
  });

  it("leaves a healthy run alone", () => {
    const healthy = decided(finishWith("waiting-children", [0, 1]), ["active", "delayed"]);
    expect(healthy).toMatchObject({ add: [], remove: [], attach: [], finish: "keep" });
  });

  it("changes nothing while the finish job is active", () => {
    const busy = decided(finishWith("active"), ["missing"]);
    expect(busy).toMatchObject({ busy: true, add: [], remove: [], finish: "keep" });
  });

  it("replaces a finish job that waits for a shard which has ended", () => {
    const stuck = decided(finishWith("waiting-children", [0, 1]), ["failed", "active"]);
    expect(stuck).toMatchObject({ finish: "replace", add: [], attach: [1], poison: [0] });
  });

  it("does not restart the finish job of a run with a failed shard", () => {
    const poisoned = decided(finishWith("completed"), ["failed", "failed"]);
    expect(poisoned).toMatchObject({ finish: "keep", add: [], poison: [0, 1] });
  });

  it("finishes again if only the manifest is missing", () => {
    expect(decided(finishWith("completed"), []).finish).toBe("replace");
    expect(decided(finishWith("failed"), []).finish).toBe("keep");
    expect(decided(finishWith("failed"), [], { completed: true, failed: true }).finish).toBe(
      "replace",
    );
  });

  const finishes = fc.constantFrom<StoredState[]>(...SHARD_STATES, "waiting-children");
  const anything = fc.record({
    state: finishes,
    states: fc.array(fc.constantFrom(...SHARD_STATES), { maxLength: 6 }),
    waits: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    open: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    recreate: fc.record({ completed: fc.boolean(), failed: fc.boolean() }),
  });

  it("leaves the finish job waiting for exactly the live shards, from any state", () => {
    fc.assert(
      fc.property(anything, ({ state, states, waits, open, recreate }) => {
        const waitsFor = [...states.keys()].filter(
          (index) => state === "waiting-children" && waits[index] === true,
        );
        const run = { finish: finishWith(state, waitsFor), shards: shardsWith(states) };
        const uncommitted = new Set([...states.keys()].filter((index) => open[index] === true));
        const decision = decide({ run, uncommitted, recreate, priority: 2 });
        if (decision.busy) return;
        const after = apply(run, decision);
        const alive = [...after.states.entries()].filter(([, one]) => ALIVE.includes(one));
        expect([...after.waitsFor].toSorted()).toEqual(alive.map(([index]) => index));
        // Nothing that runs, and no commit, is thrown away; nothing uncommitted is forgotten.
        for (const index of decision.remove) {
          expect(ALIVE).not.toContain(states[index]);
          expect(uncommitted).toContain(index);
        }
        for (const index of uncommitted) {
          expect(after.states[index]).not.toBe("missing");
          expect(after.states[index]).not.toBe("lost");
          if (after.states[index] === "failed") expect(decision.poison).toContain(index);
        }
        // And once done, it is done.
        const again = {
          finish: finishWith(after.finish, [...after.waitsFor]),
          shards: shardsWith(after.states),
        };
        expect(decide({ run: again, uncommitted, recreate, priority: 2 })).toMatchObject({
          add: [],
          attach: [],
          remove: [],
          finish: "keep",
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

/** What Redis makes of a decision: a finish job without children waits for a worker at once. */
function apply(run: StoredRun, { add, remove, attach, finish }: Decision) {
  const states = run.shards.map(({ index, state }): StoredState => {
    if (add.includes(index)) return "waiting";
    return remove.includes(index) ? "missing" : state;
  });
  const kept = finish === "keep" ? [...run.finish.waitsFor] : [];
  const waitsFor = new Set([...kept, ...add, ...attach]);
  const made: StoredState = waitsFor.size > 0 ? "waiting-children" : "waiting";
  return { states, waitsFor, finish: finish === "keep" ? run.finish.state : made };
}
