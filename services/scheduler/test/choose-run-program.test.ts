import { submitSchema } from "@nightbeam/api";
import { answersHash } from "@nightbeam/model";
import { fullCatalogue } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { chooseRunProgram } from "../src/runs/choose-run-program.js";
import type { LiveVerifier, LiveVerifiers } from "../src/runs/live-verifiers.js";

const catalogue = fullCatalogue({ levels: 4, codes: 5 });
const checkpoint = "a".repeat(64);
const submitted = { target: "/t", catalogue: "/c", histories: "/h", out: "/o" };

/** A GPU's verifier: calls cost much, and it keeps no prompts. */
const gpu: LiveVerifier = {
  target: checkpoint,
  catalogue: catalogue.hash,
  scoring: "full",
  draining: false,
  programs: [
    { program: "tree-scores", cost: { callMs: 6, tokenMs: 0.01 }, keepsPrompts: false },
    { program: "beam-search", cost: { callMs: 24, tokenMs: 0.01 } },
  ],
};
/** A processor's, of a version before whole searches. */
const cpu: LiveVerifier = {
  ...{ target: checkpoint, catalogue: catalogue.hash, scoring: "full", draining: false },
  cost: { callMs: 1, tokenMs: 0.05 },
};

function choose(
  verifiers: readonly LiveVerifier[],
  more: Partial<LiveVerifiers & { request: object; closedPaths: number }> = {},
) {
  const { request = {}, closedPaths = 0, ...live } = more;
  return chooseRunProgram(submitSchema.parse({ ...submitted, ...request }), {
    live: { connected: true, verifiers, areNamed: false, ...live },
    ...{ catalogue, closedPaths, checkpoint, standing: undefined },
  });
}

describe("the program of a planned run", () => {
  it("is what the announced verifiers of its model run fastest", () => {
    expect(choose([gpu]).program).toBe("beam-search");
    expect(choose([cpu]).program).toBe("tree-scores");
    expect(choose([gpu, cpu, cpu, cpu, cpu, cpu]).program).toBe("tree-scores");
  });

  it("takes no account of verifiers that drain, or hold something else", () => {
    const others = [
      { ...gpu, draining: true },
      { ...gpu, target: "b".repeat(64) },
      { ...gpu, catalogue: "c".repeat(64) },
      { ...gpu, scoring: "renormalized" } as const,
      { ...gpu, target: answersHash({ checkpoint, precision: "int8", device: "cpu" }) },
    ];
    expect(choose([cpu, ...others])).toEqual({
      program: "tree-scores",
      reason: "no verifier of this target runs whole searches",
    });
    expect(choose(others, { request: { precision: "int8" } }).program).toBe("beam-search");
  });

  it("is tree calls without NATS, for sampled lists, and for long lists of items to leave out", () => {
    expect(choose([], { connected: false }).reason).toBe("costs are not known here");
    expect(choose([gpu], { request: { verification: "sampled" } }).program).toBe("tree-scores");
    expect(choose([gpu], { closedPaths: 70_000 }).reason).toContain("70000 code paths");
  });

  it("is the one that is given, whether or not a verifier is there that runs it", () => {
    for (const connected of [true, false]) {
      expect(choose([cpu], { connected, request: { search: "whole" } }).program).toBe(
        "beam-search",
      );
    }
    expect(() => choose([gpu], { request: { search: "whole" }, closedPaths: 70_000 })).toThrow(
      "`search` whole: `allow` and `block` leave out 70000 code paths",
    );
  });
});
