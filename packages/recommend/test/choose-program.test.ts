import { TARGET_PROGRAMS } from "@nightbeam/decoding";
import { fullCatalogue, refusalOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chooseProgram,
  describeChoice,
  type ProgramOptions,
  type ProgramSettings,
} from "../src/program/choose-program.js";
import { type AvailableProgram, msPerUser } from "../src/program/estimate-cost.js";
import { plannedProgram, programFor, programOfPlan } from "../src/program/planned-program.js";

const { trie } = fullCatalogue({ levels: 4, codes: 6 });

/** What a GPU of a large model measures: a pass costs the reading of the weights. */
const GPU: readonly AvailableProgram[] = [
  { program: "tree-scores", cost: { callMs: 6, tokenMs: 0.01 } },
  { program: "beam-search", cost: { callMs: 24, tokenMs: 0.01 } },
  { program: "verify-tree", cost: { callMs: 25, tokenMs: 0.01 } },
];

function choose(settings: Partial<ProgramSettings> = {}, more: Partial<ProgramOptions> = {}) {
  const all = { draft: [], beamWidth: 20, batchSize: 32, ...settings };
  return chooseProgram({ settings: all, programs: GPU, trie, ...more });
}

describe("auto", () => {
  it("takes the fastest by the measured costs, and says by how much", () => {
    // Four calls of 6 ms with a round trip each, against one of 24 ms with one round trip.
    expect(choose()).toEqual({
      program: "beam-search",
      reason: "2.1 ms per user in batches of 32; tree calls take 2.2 ms",
    });
    // Without kept prompts, each of the four calls computes them again.
    const forgetful = { ...GPU[0], program: "tree-scores", keepsPrompts: false } as const;
    expect(choose({}, { programs: [forgetful, ...GPU.slice(1)] }).reason).toBe(
      "2.1 ms per user in batches of 32; tree calls take 4.6 ms",
    );
    const slow = { program: "beam-search", cost: { callMs: 240, tokenMs: 0.01 } } as const;
    const programs = GPU.map((one) => (one.program === "beam-search" ? slow : one));
    expect(choose({}, { programs }).program).toBe("tree-scores");
  });

  it("uses a draft for single users, and runs whole searches for many", () => {
    const draft = ["models/draft"];
    expect(choose({ draft, batchSize: 1 }).program).toBe("tree-scores");
    expect(choose({ draft, batchSize: 64 }).program).toBe("beam-search");
    expect(choose({ batchSize: 1 }).program).toBe("beam-search");
    // Where tree calls are dear, the target verifies.
    const programs = GPU.map((one) =>
      one.program === "tree-scores" ? { ...one, cost: { callMs: 12, tokenMs: 0.01 } } : one,
    );
    expect(choose({ draft, batchSize: 1 }, { programs }).program).toBe("verify-tree");
  });

  it("counts the start of a drafted tree besides its passes", () => {
    const [, , verify] = GPU;
    if (verify === undefined) throw new Error("there are three");
    const batch = { trie, beamWidth: 20, users: 1, promptTokens: 80, isDrafted: true };
    const free = { ...verify, cost: { callMs: 73.5, tokenMs: 0 } };
    // Of 7 B on an H200: 73.5 ms with nothing drafted, 48.1 if one level of three is missed. A draft misses two.
    const estimated = msPerUser(free, batch);
    expect(estimated).toBeGreaterThan(57);
    expect(estimated).toBeLessThan(66);
  });

  it("lets the users of a batch share further calls, and computes prompts of those who are in them", () => {
    const batch = { trie, beamWidth: 20, promptTokens: 100, isDrafted: true };
    const msOf = (users: number, cost: { callMs: number; tokenMs: number }) =>
      users *
      (msPerUser({ program: "tree-scores", cost, keepsPrompts: false }, { ...batch, users }) ?? 0);
    // Two calls for one user, three for many, and never the four of plain search; 1.5 ms on the way each.
    const calls = (users: number) => msOf(users, { callMs: 1, tokenMs: 0 }) / 2.5;
    expect(calls(1)).toBeCloseTo(2, 1);
    expect(calls(8)).toBeGreaterThan(2.25);
    expect(calls(8)).toBeLessThan(2.67);
    expect(calls(256)).toBeCloseTo(3, 2);
    const rows = (users: number) => msOf(users, { callMs: 0, tokenMs: 1 }) - 1.5 * calls(users);
    expect(rows(64) / 64).toBeCloseTo(rows(1), 6);
  });

  it("adds up verifiers: one that is faster does not outweigh many", () => {
    const [calls, search] = GPU;
    if (calls === undefined || search === undefined) throw new Error("there are three");
    expect(choose({}, { programs: [calls, search] }).program).toBe("beam-search");
    expect(choose({}, { programs: [calls, calls, search] }).program).toBe("tree-scores");
    expect(choose({}, { programs: [calls, search, calls, search] }).program).toBe("beam-search");
  });

  it.each<[string, Partial<ProgramSettings>, Partial<ProgramOptions>]>([
    ["`verification` sampled", { verification: "sampled" }, {}],
    ["`verification` relaxed", { verification: "relaxed", draft: ["d"] }, {}],
    ["`candidates`", { candidates: "new.parquet" }, {}],
    ["`teacherLog`", { teacherLog: "log" }, {}],
    ["`beamWidth` 1001 is more than the 1000", { beamWidth: 1001 }, {}],
    ["leave out 60001 code paths, more than the 60000", {}, { closedPaths: 60_001 }],
    ["costs are not known here", {}, { programs: undefined }],
    ["no verifier of this target runs whole searches", {}, { programs: GPU.slice(0, 1) }],
    ["usual on a processor", {}, { device: "cpu" }],
    ["no cost has been measured yet", {}, { programs: [{ program: "beam-search" }] }],
  ])("makes tree calls and says why: %s", (reason, settings, more) => {
    const choice = choose(settings, more);
    expect(choice.program).toBe("tree-scores");
    expect(choice.reason).toContain(reason);
  });

  it("runs whole searches on a GPU of this machine, where nothing is measured", () => {
    for (const device of ["cuda", "webgpu"] as const) {
      const choice = choose({ draft: ["d"] }, { programs: undefined, device });
      expect(choice.program).toBe("beam-search");
      expect(choice.reason).toContain(device);
      expect(choose({ verification: "sampled" }, { device }).program).toBe("tree-scores");
    }
  });

  it("never chooses what is estimated to be slower, nor what cannot be had", () => {
    const cost = fc.record({
      callMs: fc.double({ min: 0.01, max: 100, noNaN: true }),
      tokenMs: fc.double({ min: 0.0001, max: 1, noNaN: true }),
    });
    const available = fc.record({
      program: fc.constantFrom("tree-scores", "beam-search", "verify-tree"),
      cost,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(available, { minLength: 1, selector: ({ program }) => program }),
        fc.integer({ min: 1, max: 256 }),
        fc.boolean(),
        (programs, users, isDrafted) => {
          const draft = isDrafted ? ["d"] : [];
          const { program } = choose({ batchSize: users, draft }, { programs });
          const batch = { trie, beamWidth: 20, users, promptTokens: 80, isDrafted };
          const times = programs.map((one) => msPerUser(one, batch) ?? Number.POSITIVE_INFINITY);
          const chosen = programs.findIndex((one) => one.program === program);
          if (chosen < 0) expect(program).toBe("tree-scores");
          else expect(times[chosen]).toBe(Math.min(...times));
        },
      ),
    );
  });
});

/**
 * Milliseconds per batch on an H200 (docs/results/gpu.md), of prompts of 80 tokens: of search level by level, drafted
 * calls with a good draft, whole searches, and drafted trees with repair as a trained draft needs them (the mean of
 * `good` and `none` for one user, the longer of both for several); and the cost lines through those of up to 64 users,
 * in milliseconds per call and per 1,000 rows.
 */
const MEASURED = [
  {
    target: "of 5.6 M, fp32",
    lines: { "tree-scores": [5.5, 1.52], "beam-search": [14.5, 0.45], "verify-tree": [20.1, 0.19] },
    cells: [
      { users: 1, beamWidth: 20, ms: [24.2, 11.7, 13.3, 15.3] },
      { users: 1, beamWidth: 50, ms: [22.8, 13.2, 16.6, 18.8] },
      { users: 8, beamWidth: 10, ms: [22.7, 13.2, 12.0, 21.0] },
      { users: 8, beamWidth: 20, ms: [23.1, 13.0, 16.3, 22.2] },
      { users: 64, beamWidth: 10, ms: [43.0, 24.4, 18.7, 23.5] },
      { users: 64, beamWidth: 20, ms: [44.4, 38.9, 18.9, 27.9] },
      { users: 64, beamWidth: 50, ms: [61.6, 78.6, 18.3, 48.7] },
      { users: 256, beamWidth: 10, ms: [135.9, 101.3, 28.6, 57.5] },
      { users: 256, beamWidth: 20, ms: [135.5, 155.9, 31.0, 88.2] },
    ],
  },
  {
    target: "of 0.1 B, fp16",
    lines: { "tree-scores": [11, 1.91], "beam-search": [25.3, 0.69], "verify-tree": [32.7, 1.29] },
    cells: [
      { users: 1, beamWidth: 10, ms: [43.2, 21.6, 24.5, 29.6] },
      { users: 64, beamWidth: 10, ms: [67.2, 43.3, 30.1, 42.0] },
    ],
  },
  {
    target: "of 1 B, fp16",
    lines: {
      "tree-scores": [14.3, 7.07],
      "beam-search": [45.5, 2.87],
      "verify-tree": [47.4, 5.11],
    },
    cells: [
      { users: 1, beamWidth: 10, ms: [52.4, 36.8, 50.2, 41.4] },
      { users: 64, beamWidth: 10, ms: [309.7, 122.5, 66.3, 95.9] },
    ],
  },
  {
    target: "of 7 B, fp16",
    lines: {
      "tree-scores": [16.4, 28.6],
      "beam-search": [44.9, 25.9],
      "verify-tree": [70.9, 23.3],
    },
    cells: [
      { users: 1, beamWidth: 10, ms: [97.9, 53.9, 57.9, 60.8] },
      { users: 64, beamWidth: 10, ms: [779.1, 442.6, 228.1, 323.3] },
    ],
  },
] as const;

describe("auto by the costs of an H200", () => {
  const { trie } = fullCatalogue({ levels: 4, codes: 10 });

  it.each(MEASURED)("is at most 15% slower than the fastest program of a target $target", (one) => {
    const programs = TARGET_PROGRAMS.map((program) => {
      const [callMs, perThousand] = one.lines[program];
      return { program, cost: { callMs, tokenMs: perThousand / 1_000 }, keepsPrompts: false };
    });
    for (const { users, beamWidth, ms } of one.cells) {
      const [plain, calls, whole, repaired] = ms;
      // A cluster makes a round trip per call: four, two, one and one.
      const took = {
        "tree-scores": Math.min(plain + 4 * 1.5, calls + 2 * 1.5),
        "beam-search": whole + 1.5,
        "verify-tree": repaired + 1.5,
      };
      const settings = { draft: ["d"], beamWidth, batchSize: users };
      for (const known of [programs, programs.slice(0, 2)]) {
        const fastest = Math.min(...known.map(({ program }) => took[program]));
        const { program } = choose(settings, { programs: known, trie });
        expect(took[program] / fastest).toBeLessThan(1.15);
      }
      const undrafted = choose({ ...settings, draft: [] }, { programs, trie });
      expect(undrafted.program).toBe("beam-search");
    }
  });
});

describe("a program that is given", () => {
  it.each([
    ["whole", "beam-search"],
    ["drafted", "verify-tree"],
    ["calls", "tree-scores"],
  ] as const)("%s is used, whatever is known about it", (search, program) => {
    for (const programs of [undefined, [], GPU.slice(0, 1)]) {
      expect(choose({ search, draft: ["d"] }, { programs })).toEqual({
        program,
        reason: `\`search\` ${search} was given`,
      });
    }
  });

  it("is refused if the run is too large for it, with the remedy", () => {
    const error = refusalOf(() => choose({ search: "whole", beamWidth: 2000 }));
    expect(error).toMatchObject({
      code: "BAD_SEARCH",
      message: expect.stringMatching(/^`search` whole: `beamWidth` 2000 .*; give calls or auto$/),
    });
    expect(choose({ search: "calls", beamWidth: 2000 }).program).toBe("tree-scores");
  });
});

it("a draft that is not used is named", () => {
  const draft = ["models/draft"];
  const whole = choose({ draft });
  expect(describeChoice(whole, draft)).toBe(
    `The target runs whole searches (beam-search): ${whole.reason}. The draft models/draft is not used.`,
  );
  expect(describeChoice(whole, [])).not.toContain("not used");
  const drafted = choose({ draft, batchSize: 1 });
  expect(describeChoice(drafted, draft)).not.toContain("not used");
});

describe("a run that was planned before", () => {
  const base = { format: "jsonl", partSize: 1, firstRow: 0 } as const;
  const planOf = (choice: ReturnType<typeof choose>) => {
    const { versions, arguments: named } = plannedProgram(choice);
    return { ...base, arguments: { ...named }, versions: { ...versions } };
  };
  const options = (search: ProgramSettings["search"], programs = GPU): ProgramOptions => ({
    settings: { search, draft: [], beamWidth: 20, batchSize: 32 },
    programs,
    trie,
  });

  it("keeps its program when costs have changed, and its reason", () => {
    const first = programFor(options("auto"), undefined);
    expect(first.program).toBe("beam-search");
    const plan = planOf(first);
    expect(programOfPlan(plan)).toBe("beam-search");
    for (const search of ["auto", "whole"] as const) {
      expect(programFor(options(search, GPU.slice(0, 1)), plan)).toEqual(first);
    }
    // Another one that is given is the caller's to refuse.
    expect(programFor(options("calls"), plan).program).toBe("tree-scores");
  });

  it("says nothing of tree calls, as plans from before there were others", () => {
    const calls = programFor(options("calls"), undefined);
    const plan = planOf(calls);
    expect(plan).toEqual({ ...base, arguments: {}, versions: {} });
    expect(programFor(options("auto"), plan).program).toBe("tree-scores");
    expect(programOfPlan({ versions: { program: "unheard-of" } })).toBe("tree-scores");
  });
});
