import { describe, expect, it } from "vitest";
import { runStateSchema } from "../src/api/answers.js";
import { canHappen, nextRunState, type RunEvent, stateOf } from "../src/runs/run-state.js";

const EVENTS: readonly RunEvent[] = [
  "planned",
  "refused",
  "finished",
  "set_aside",
  "cancelled",
  "resumed",
];

describe("a run's state", () => {
  it.each([
    ["planning", "planned", "running"],
    ["planning", "refused", "refused"],
    ["refused", "resumed", "planning"],
    ["running", "finished", "complete"],
    ["running", "set_aside", "partial"],
    ["running", "cancelled", "cancelled"],
    ["partial", "resumed", "running"],
    ["partial", "finished", "complete"],
    ["cancelled", "resumed", "planning"],
  ] as const)("%s, %s: %s", (state, event, next) => {
    expect(nextRunState(state, event)).toBe(next);
  });

  it("never leaves complete, and refuses what cannot happen", () => {
    for (const event of EVENTS) {
      expect(canHappen("complete", event)).toBe(false);
      expect(() => nextRunState("complete", event)).toThrow(/The run is complete/);
    }
    for (const state of runStateSchema.options) {
      for (const event of EVENTS) {
        if (canHappen(state, event)) expect(() => nextRunState(state, event)).not.toThrow();
        else expect(() => nextRunState(state, event)).toThrow(/any more/);
      }
    }
  });

  it.each([
    ["unplanned", {}, "planning"],
    ["unplanned", { refused: true }, "refused"],
    ["planned", {}, "running"],
    ["planned", { refused: true, reopening: true }, "running"],
    ["partial", {}, "partial"],
    ["cancelled", {}, "cancelled"],
    ["cancelled", { reopening: true }, "planning"],
    ["cancelled", { reopening: true, refused: true }, "refused"],
    ["complete", { refused: true, reopening: true }, "complete"],
  ] as const)("is told by what the stores show: %s, %j: %s", (stored, marks, state) => {
    expect(stateOf({ stored, refused: false, reopening: false, ...marks })).toBe(state);
  });
});
