import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  nextRunState,
  type RunEvent,
  type RunFiles,
  type RunState,
  storedState,
} from "../src/state.js";

/** Refusals and resumptions are not in the files of a run. */
type FileEvent = Exclude<RunEvent, "refused" | "resumed">;

/** What each event does to the files. */
const EFFECTS: Readonly<Record<FileEvent, Partial<RunFiles>>> = {
  planned: { plan: true },
  committed: {},
  "set-aside": { partial: true },
  finished: { manifest: true },
  cancelled: { cancelled: true },
  paused: { paused: true },
  unpaused: { paused: false },
  reopened: { partial: false, paused: false, cancelled: false },
};

const NOTHING: RunFiles = {
  ...{ plan: false, manifest: false, partial: false, paused: false, cancelled: false },
};
const EVENTS: readonly FileEvent[] = [
  ...([
    "planned",
    "committed",
    "set-aside",
    "finished",
    "cancelled",
    "paused",
    "unpaused",
    "reopened",
  ] as const),
];

describe("the states of a run", () => {
  it("are what the files show, after any sequence of events", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 12 }), (events) => {
        let files = NOTHING;
        let state: RunState = storedState(files);
        for (const event of events) {
          // The run is planned before its marks are removed.
          const before = event === "reopened" && state === "cancelled" ? { plan: true } : {};
          const next = after(state, event);
          if (next === undefined) continue;
          files = { ...files, ...before, ...EFFECTS[event] };
          // A run that was paused before it was planned is paused from then on.
          const held: boolean = event === "planned" && state === "unplanned" && files.paused;
          state = held ? nextRunState(next, "paused") : next;
          expect(storedState(files)).toBe(state);
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

function after(state: RunState, event: RunEvent) {
  try {
    return nextRunState(state, event);
  } catch {
    return undefined;
  }
}
