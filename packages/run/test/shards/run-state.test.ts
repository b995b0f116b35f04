import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  nextRunState,
  type RunEvent,
  type RunFiles,
  stateOfFiles,
} from "../../src/shards/run-state.js";

/** What each event does to the files. */
const EFFECTS: Readonly<Record<RunEvent, Partial<RunFiles>>> = {
  planned: { plan: true },
  committed: {},
  set_aside: { partial: true },
  finished: { manifest: true },
  cancelled: { cancelled: true },
  resubmitted: { partial: false, cancelled: false },
};

const NOTHING: RunFiles = { plan: false, manifest: false, partial: false, cancelled: false };
const EVENTS: readonly RunEvent[] = [
  ...(["planned", "committed", "set_aside", "finished", "cancelled", "resubmitted"] as const),
];

describe("the states of a run", () => {
  it("are what the files show, after any sequence of events", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 12 }), (events) => {
        let files = NOTHING;
        let state = stateOfFiles(files);
        for (const event of events) {
          // It is planned again before its marks are removed.
          const before = event === "resubmitted" && state === "cancelled" ? { plan: true } : {};
          const next = after(state, event);
          if (next === undefined) continue;
          files = { ...files, ...before, ...EFFECTS[event] };
          state = next;
          expect(stateOfFiles(files)).toBe(state);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a complete run stays complete", () => {
    const others = EVENTS.map((event) => after("complete", event) ?? "complete");
    expect(new Set(others)).toEqual(new Set(["complete"]));
    expect(() => nextRunState("complete", "cancelled")).toThrow(
      expect.objectContaining({ code: "RUN_STATE" }),
    );
  });
});

function after(state: ReturnType<typeof stateOfFiles>, event: RunEvent) {
  try {
    return nextRunState(state, event);
  } catch {
    return undefined;
  }
}
