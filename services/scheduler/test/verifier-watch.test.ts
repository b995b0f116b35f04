import { submitSchema } from "@nightbeam/api";
import { answersHash } from "@nightbeam/model";
import { describe, expect, it } from "vitest";
import type { LiveVerifiers } from "../src/runs/live-verifiers.js";
import {
  type ObservedRun,
  openVerifierWatch,
  unverifiedReason,
} from "../src/runs/verifier-watch.js";

const target = "a".repeat(64);
const catalogue = "c".repeat(64);
const submitted = { target: "/t", catalogue: "/c", histories: "/h", out: "/o" };
const request = submitSchema.parse(submitted);
const plan = { versions: { target, catalogue } };
const right = { target, catalogue, scoring: "full", draining: false } as const;
const live = (...verifiers: LiveVerifiers["verifiers"]): LiveVerifiers => {
  return { connected: true, verifiers, areNamed: false };
};

describe("a run that no verifier can answer", () => {
  it("reports what it asks for and what verifiers hold", () => {
    const reason = (given: LiveVerifiers) => unverifiedReason({ plan, request, live: given });
    expect(reason(live(right))).toBeUndefined();
    expect(reason({ ...live(), connected: false })).toBeUndefined();
    expect(reason(live())).toBe("no verifier is announced");
    expect(reason(live({ ...right, draining: true }))).toBe("no verifier is announced");
    const wrong = { ...right, target: "b".repeat(64) };
    expect(reason(live(wrong, right))).toBeUndefined();
    expect(reason(live(wrong, wrong))).toBe(
      "no verifier holds what it asks for, target aaaaaaaaaaaa, catalogue cccccccccccc, scoring " +
        "full (fp32); the 2 announced hold target bbbbbbbbbbbb, catalogue cccccccccccc, scoring full",
    );
    expect(reason(live({ ...right, catalogue: "d".repeat(64) }))).toMatch(/dddddddddddd/);
    expect(reason(live({ ...right, scoring: "renormalized" }))).toMatch(/scoring renormalized$/);
  });

  it("asks for the program that the run was planned with", () => {
    const searching = { versions: { ...plan.versions, program: "beam-search" } };
    const reason = (given: LiveVerifiers, planned: typeof plan = searching) =>
      unverifiedReason({ plan: planned, request, live: given });
    const programs = [{ program: "tree-scores" }, { program: "beam-search" }] as const;
    const both = { ...right, programs: [...programs] };
    expect(reason(live(right, both))).toBeUndefined();
    expect(reason(live(both), plan)).toBeUndefined();
    expect(reason(live(right))).toBe(
      "no verifier runs beam-search, which the run was planned with; the 1 that hold its target run tree-scores",
    );
    const alone = { ...right, programs: programs.slice(1) };
    expect(reason(live(alone), plan)).toMatch(/^no verifier runs tree-scores, .* run beam-search$/);
  });

  it("asks for a model of 8 bits by the hash that its verifiers announce", () => {
    const small = submitSchema.parse({ ...submitted, precision: "int8" });
    const held = answersHash({ checkpoint: target, precision: "int8", device: "cpu" });
    const reason = (given: LiveVerifiers) =>
      unverifiedReason({ plan, request: small, live: given });
    expect(reason(live({ ...right, target: held }))).toBeUndefined();
    expect(reason(live(right))).toContain(`target ${held.slice(0, 12)}`);
  });

  it("asks for a model on GPUs by the hash that its verifiers announce", () => {
    const onGpus = submitSchema.parse({ ...submitted, device: "cuda" });
    const held = answersHash({ checkpoint: target, precision: "fp32", device: "cuda" });
    const reason = (given: LiveVerifiers) =>
      unverifiedReason({ plan, request: onGpus, live: given });
    expect(reason(live({ ...right, target: held }))).toBeUndefined();
    expect(reason(live(right))).toContain(`target ${held.slice(0, 12)}`);
    expect(reason(live(right))).toContain("(fp32 on cuda)");
  });

  it("raises an alarm once it has lasted, until the run makes progress", () => {
    let now = 0;
    let areNamed = false;
    const standing = new Map<string, string>();
    const watch = openVerifierWatch({
      verifiers: () => ({ ...live(), areNamed }),
      alarms: {
        raise: ({ kind, message }) => void standing.set(kind, message),
        mend: ({ kind = "run_stuck" }) => void standing.delete(kind),
      },
      elapsed: () => now,
    });
    const look = (atMs: number, commits: number) => {
      now = atMs;
      watch.check(running(commits));
      return standing.get("run_unverified");
    };
    expect(watch.reason(running(0))).toBe("no verifier is announced");
    expect(look(0, 0)).toBeUndefined();
    expect(look(59_000, 1)).toBeUndefined();
    expect(look(118_000, 1)).toBeUndefined();
    expect(look(119_000, 1)).toMatch(/^Run r-1 waits: no verifier is announced\. Start such/);
    // A drafter with verifiers by address may be calling them; a lack of commits shows that it is not.
    areNamed = true;
    expect(watch.reason(running(2))).toBeUndefined();
    expect(watch.reason(running(1))).toBe(
      "no verifier is announced, and nothing is known about those that drafters were given by address",
    );
    expect(look(120_000, 2)).toBeUndefined();
    watch.forget("r-1");
    expect(look(500_000, 2)).toBeUndefined();
    expect(look(560_000, 2)).toBeDefined();
  });
});

function running(commits: number): ObservedRun {
  return {
    state: "running",
    record: { runId: "r-1", request },
    standing: { plan },
    missing: { length: 9 },
    commits: { length: commits },
  };
}
