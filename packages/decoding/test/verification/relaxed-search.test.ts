import { excludeItems, findPrefix, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Beams,
  CombinedDrafter,
  type Drafter,
  decodeShard,
  emptyDrafter,
  type SearchOutcome,
  type ShardUser,
  type SpeculativeOptions,
} from "../../src/index.js";
import { decodeBatch } from "../support/decode.js";
import { fakeModel } from "../support/fake-model.js";
import {
  drafterFor,
  drafterNames,
  optionsFor,
  remainingPaths,
  type Scenario,
  someScenario,
} from "../support/scenario.js";
import { setUp, catalogue as shardCatalogue, user } from "../support/shards.js";
import { chiSquare } from "./chi-square.js";
import { stepwiseSets } from "./stepwise.js";

const relaxed = { kind: "relaxed", seed: 5, temperature: 0.8, drafted: "sampled" } as const;
const MIN_P = 1e-3;
const DRAWS = 3_000;

async function decodeAll(
  scenario: Scenario,
  options: { drafter: Drafter; users: number } & Partial<Pick<SpeculativeOptions, "verification">>,
): Promise<readonly SearchOutcome[]> {
  const { drafter, users, verification = relaxed } = options;
  const { prompt, history, exclusion } = scenario;
  const decoder = { ...optionsFor(scenario, drafter), verification };
  const jobs = Array.from({ length: users }, (_, key) => {
    return { key, name: `user ${key}`, prompt, history, exclusion };
  });
  return decodeBatch(decoder, jobs);
}

/** Three codes, then one or two, then two. */
const catalogue = catalogueOf([
  [0, 0, 0],
  [0, 0, 1],
  [0, 1, 0],
  [0, 1, 1],
  [1, 0, 0],
  [1, 0, 1],
  [2, 0, 0],
  [2, 1, 1],
]);
const some = (more: Pick<Scenario, "beamWidth" | "widths"> & Partial<Scenario>): Scenario => ({
  catalogue,
  scoring: "full",
  model: fakeModel({ seed: 21, scoring: more.scoring ?? "full" }),
  seed: 21,
  prompt: Int32Array.of(3),
  history: new Uint32Array(),
  exclusion: NOTHING_EXCLUDED,
  remaining: catalogue,
  ...more,
});

/** The p-value of the sets that were drawn, against the definition. */
function fit(scenario: Scenario, outcomes: readonly SearchOutcome[]): number {
  const { temperature } = relaxed;
  const sets = stepwiseSets({ ...scenario, size: scenario.beamWidth, temperature });
  const names = [...sets.keys()];
  const counts = new Array<number>(names.length).fill(0);
  for (const { beams } of outcomes) {
    const cell = names.indexOf([...beams.prefixes].toSorted((a, b) => a - b).join());
    if (cell < 0) throw new Error("a set is drawn that the definition rules out");
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return chiSquare(
    counts,
    [...sets.values()].map((chance) => chance * outcomes.length),
  ).p;
}

describe("the distribution of relaxed lists", () => {
  const scorings = ["full", "renormalized"] as const;

  it("is the target's without a draft", async () => {
    const scenario = some({ beamWidth: 2, widths: [] });
    const outcomes = await decodeAll(scenario, { drafter: emptyDrafter, users: DRAWS });
    expect(fit(scenario, outcomes)).toBeGreaterThan(MIN_P);
  });

  it.each(scorings)(
    "is the target's for one sequence and one sampled draft, under %s scoring",
    async (scoring) => {
      const scenario = some({ beamWidth: 1, widths: [1, 1], scoring });
      for (const name of ["random", "opposite", "retrieval"] as const) {
        const drafter = drafterFor(name, scenario);
        const outcomes = await decodeAll(scenario, { drafter, users: DRAWS });
        expect(fit(scenario, outcomes), name).toBeGreaterThan(MIN_P);
        // Some drafts are accepted, and some are not.
        const accepted = outcomes.reduce((sum, { cost }) => sum + cost.acceptedSteps, 0);
        expect(accepted).toBeGreaterThan(DRAWS / 4);
        expect(accepted).toBeLessThan(2 * DRAWS);
      }
    },
  );

  it("is the target's for as many sequences as are drafted by the target itself", async () => {
    const scenario = some({ beamWidth: 2, widths: [2, 2] });
    const drafter = drafterFor("perfect", scenario);
    const outcomes = await decodeAll(scenario, { drafter, users: DRAWS });
    expect(fit(scenario, outcomes)).toBeGreaterThan(MIN_P);
  });

  it("is another for one draft that is taken as the best of q: the test would notice", async () => {
    const scenario = some({ beamWidth: 1, widths: [1, 1] });
    const verification = { ...relaxed, drafted: "beam" } as const;
    const drafter = drafterFor("opposite", scenario);
    const outcomes = await decodeAll(scenario, { drafter, users: DRAWS, verification });
    expect(fit(scenario, outcomes)).toBeLessThan(1e-9);
  });
});

const someRelaxed = someScenario({ excluding: true, values: [1e6] });

describe.each(drafterNames)("a relaxed search with the drafter: %s", (name) => {
  it.each(["sampled", "beam"] as const)(
    "ends with as many different code paths as it may, best first, drafts being %s",
    async (drafted) => {
      await fc.assert(
        fc.asyncProperty(someRelaxed, async (scenario) => {
          const verification = { ...relaxed, drafted };
          const drafter = drafterFor(name, scenario);
          const outcomes = await decodeAll(scenario, { drafter, users: 2, verification });
          const open = new Set(
            remainingPaths(scenario).map((path) => findPrefix(scenario.catalogue.trie, path)),
          );
          for (const { beams, cost } of outcomes) {
            const { prefixes, scores } = beams;
            // A step draws among the children of its beams, which can be fewer than it may keep.
            expect(prefixes.length).toBeGreaterThanOrEqual(Math.min(1, open.size));
            expect(prefixes.length).toBeLessThanOrEqual(Math.min(scenario.beamWidth, open.size));
            if (scenario.beamWidth >= open.size) expect(prefixes.length).toBe(open.size);
            expect(new Set(prefixes).size).toBe(prefixes.length);
            expect([...prefixes].every((leaf) => open.has(leaf))).toBe(true);
            expect([...scores]).toEqual([...scores].toSorted((a, b) => b - a));
            expect(cost.calls).toBeLessThanOrEqual(scenario.catalogue.trie.levels);
          }
        }),
        { numRuns: 50 },
      );
    },
  );
});

it("accepts everything that the target itself drafted", async () => {
  await fc.assert(
    fc.asyncProperty(someRelaxed, async (drawn) => {
      const { levels } = drawn.catalogue.trie;
      const scenario = { ...drawn, widths: new Array<number>(levels - 1).fill(drawn.beamWidth) };
      const drafter = drafterFor("perfect", scenario);
      const [outcome] = await decodeAll(scenario, { drafter, users: 1 });
      expect(outcome?.cost.calls).toBeLessThanOrEqual(1);
    }),
    { numRuns: 200 },
  );
});

describe("relaxed users of a shard", () => {
  const users: ShardUser[] = [[1, 2], [3], [1, 2], [1, 2], [12], [0, 0]].map((prompt, at) => ({
    ...user(prompt, at === 4 ? excludeItems(shardCatalogue, [0, 5]) : undefined),
    name: `user ${at}`,
  }));
  const shard = async (
    given: readonly ShardUser[],
    more: { batchSize?: number; concurrency?: number } = {},
  ): Promise<Beams[]> => {
    const { options, search } = setUp();
    const drawn = { ...search, verification: relaxed };
    const { outcomes } = await decodeShard(given, options({ ...more, search: drawn }));
    return outcomes.map(({ beams }) => beams);
  };

  it("get the same lists in any batch, order and shard, and their own", async () => {
    const whole = await shard(users);
    expect(await shard(users, { batchSize: 5, concurrency: 3 })).toEqual(whole);
    expect(await shard(users.toReversed())).toEqual(whole.toReversed());
    expect((await Promise.all(users.map((one) => shard([one])))).flat()).toEqual(whole);
    expect(whole[2]).not.toEqual(whole[0]);
  });

  it("cannot collect the target's answers", async () => {
    const listening = { ...user([1]), name: "a", onKnown: () => undefined };
    await expect(shard([listening])).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});

it("treats a draft of unknown distribution as no draft", async () => {
  const scenario = some({ beamWidth: 2, widths: [4, 4] });
  const drafter = new CombinedDrafter([drafterFor("opposite", scenario)]);
  const outcomes = await decodeAll(scenario, { drafter, users: DRAWS });
  expect(fit(scenario, outcomes)).toBeGreaterThan(MIN_P);
});
