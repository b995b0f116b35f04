import { runStateSchema } from "@nightbeam/api";
import type { RunEvent } from "@nightbeam/run";
import { describe, expect, it } from "vitest";
import { isPossible, stateAfter, stateOf } from "../src/runs/run-state.js";

const EVENTS: readonly RunEvent[] = [
  "planned",
  "refused",
  "finished",
  "set-aside",
  "cancelled",
  "resumed",
];

describe("a run's state", () => {
  it.each([
    ["planning", "planned", "running"],
    ["planning", "refused", "refused"],
    ["refused", "resumed", "planning"],
    ["running", "finished", "complete"],
    ["running", "set-aside", "partial"],
    ["running", "cancelled", "cancelled"],
    ["partial", "resumed", "running"],
    ["partial", "finished", "complete"],
    ["cancelled", "resumed", "planning"],
  ] as const)("%s, %s: %s", (state, event, next) => {
    expect(stateAfter(state, event)).toBe(next);
  });

  it("never leaves complete, and refuses what cannot happen", () => {
    for (const event of EVENTS) {
      expect(isPossible("complete", event)).toBe(false);
      expect(() => stateAfter("complete", event)).toThrow(/The run is complete/);
    }
    for (const state of runStateSchema.exclude(["unreadable"]).options) {
      for (const event of EVENTS) {
        if (isPossible(state, event)) expect(() => stateAfter(state, event)).not.toThrow();
        else expect(() => stateAfter(state, event)).toThrow(/any more/);
      }
    }
  });

  it("lets no client cancel what has ended", () => {
    expect(isPossible("partial", "cancelled")).toBe(false);
    expect(isPossible("refused", "cancelled")).toBe(false);
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
  ] as const)("follows from what the stores show: %s, %j: %s", (stored, marks, state) => {
    expect(stateOf({ stored, refused: false, reopening: false, ...marks })).toBe(state);
  });
});
