import { excludeItems, findPrefix } from "@nightbeam/catalogue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Drafter, decodeShard, type SearchOutcome, type ShardUser } from "../../src/index.js";
import { foldText, foldWord, gumbelsAt, noiseOf } from "../../src/verification/noise/noise.js";
import { decodeBatch } from "../support/decode.js";
import {
  drafterFor,
  drafterNames,
  optionsFor,
  remainingPaths,
  type Scenario,
  someScenario,
} from "../support/scenario.js";
import { catalogue, setUp, user } from "../support/shards.js";
import { population } from "./exact.js";

const verification = { kind: "sampled", seed: 5, temperature: 0.8 } as const;
const NAME = "user 1";
const DISTINCT = { excluding: true, values: [1e6] };

async function sample(scenario: Scenario, drafter: Drafter): Promise<SearchOutcome> {
  const { prompt, history, exclusion } = scenario;
  const decoder = { ...optionsFor(scenario, drafter), verification };
  const jobs = [{ key: 7, name: NAME, prompt, history, exclusion }];
  const [outcome] = await decodeBatch(decoder, jobs);
  if (outcome === undefined) throw new Error("the batch has no outcome");
  return outcome;
}

/**
 * The K largest of all leaves' perturbed scores, each computed down its path by the formula as it is
 * written, with no search: a leaf, the score, best first.
 */
function largestOfAll(scenario: Scenario): { leaf: number; score: number }[] {
  const { catalogue, model, prompt, beamWidth } = scenario;
  const paths = remainingPaths(scenario);
  const { temperature } = verification;
  const { leaves, probabilities } = population({ catalogue, paths, model, prompt, temperature });
  const under = (prefix: readonly number[]) =>
    paths.reduce(
      (sum, path, at) =>
        prefix.every((code, i) => path[i] === code) ? sum + (probabilities[at] ?? 0) : sum,
      0,
    );
  const user = foldText(noiseOf(verification.seed), NAME);
  const perturbed = (path: readonly number[]): number => {
    if (path.length === 0) return gumbelsAt(user, [0x10000])[0] ?? Number.NaN;
    const above = path.slice(0, -1);
    const below = paths.filter((other) => above.every((code, i) => other[i] === code));
    const codes = [...new Set(below.map((other) => other[above.length] ?? -1))];
    const noise = gumbelsAt(above.reduce(foldWord, user), codes);
    const gumbels = codes.map((code, i) => (noise[i] ?? 0) + Math.log(under([...above, code])));
    const own = gumbels[codes.indexOf(path.at(-1) ?? -1)] ?? Number.NaN;
    const rest = Math.exp(-perturbed(above)) - Math.exp(-Math.max(...gumbels));
    return -Math.log(rest + Math.exp(-own));
  };
  return paths
    .map((path, at) => ({
      leaf: leaves[at] ?? findPrefix(catalogue.trie, path),
      score: perturbed(path),
    }))
    .sort((a, b) => b.score - a.score)
    .slice(0, beamWidth);
}

describe.each(drafterNames)("a sample with the drafter: %s", (name) => {
  it("is the one without a draft, bit for bit, in no more calls", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: true, values: [1, 3, 1e6] }), async (scenario) => {
        const plain = await sample(scenario, drafterFor("none", scenario));
        const outcome = await sample(scenario, drafterFor(name, scenario));
        expect(outcome.beams).toEqual(plain.beams);
        expect(outcome.cost.calls).toBeLessThanOrEqual(plain.cost.calls);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a sample", () => {
  it("has the largest perturbed scores of all code paths that the user may get", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario(DISTINCT), async (scenario) => {
        const { beams } = await sample(scenario, drafterFor("partly right", scenario));
        const expected = largestOfAll(scenario);
        expect([...beams.prefixes]).toEqual(expected.map(({ leaf }) => leaf));
        expected.forEach(({ score }, rank) => {
          expect(beams.scores[rank]).toBeCloseTo(score, 6);
        });
      }),
      { numRuns: 200 },
    );
  });

  it("is all code paths if no more are open than are drawn, and never an excluded one", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario(DISTINCT), async (drawn) => {
        const scenario = { ...drawn, beamWidth: drawn.catalogue.itemCount };
        const { beams } = await sample(scenario, drafterFor("none", scenario));
        const { trie } = scenario.catalogue;
        const open = remainingPaths(scenario).map((path) => findPrefix(trie, path));
        expect([...beams.prefixes].toSorted((a, b) => a - b)).toEqual(open);
      }),
      { numRuns: 200 },
    );
  });

  it("begins like a longer one", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario(DISTINCT), async (scenario) => {
        const drafter = drafterFor("random", scenario);
        const short = await sample(scenario, drafter);
        const long = await sample({ ...scenario, beamWidth: scenario.beamWidth + 4 }, drafter);
        const { length } = short.beams.prefixes;
        expect(short.beams.prefixes).toEqual(long.beams.prefixes.slice(0, length));
        expect(short.beams.scores).toEqual(long.beams.scores.slice(0, length));
      }),
      { numRuns: 100 },
    );
  });

  it("needs one call if the draft is right and at least as wide as the sample", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario(DISTINCT), async (drawn) => {
        const { levels } = drawn.catalogue.trie;
        const scenario = { ...drawn, widths: new Array<number>(levels - 1).fill(drawn.beamWidth) };
        const { cost } = await sample(scenario, drafterFor("perfect", scenario));
        expect(cost.calls).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the users of a shard", () => {
  const users: ShardUser[] = [[1, 2], [3], [1, 2], [1, 2], [12], [0, 0]].map((prompt, at) => ({
    ...user(prompt, at === 4 ? excludeItems(catalogue, [0, 5]) : undefined),
    name: `user ${at}`,
  }));
  const shard = (
    some: readonly ShardUser[],
    more: { batchSize?: number; concurrency?: number } = {},
  ) => {
    const { options, search } = setUp();
    return decodeShard(some, options({ ...more, search: { ...search, verification } }));
  };
  const lists = (outcomes: readonly SearchOutcome[]) => outcomes.map(({ beams }) => beams);

  it("get the same samples in any batch, order and shard", async () => {
    const whole = lists((await shard(users)).outcomes);
    expect(lists((await shard(users, { batchSize: 5, concurrency: 3 })).outcomes)).toEqual(whole);
    const reversed = lists((await shard(users.toReversed())).outcomes);
    expect(reversed).toEqual(whole.toReversed());
    const alone = await Promise.all(users.map((one) => shard([one])));
    expect(alone.flatMap(({ outcomes }) => lists(outcomes))).toEqual(whole);
  });

  it("get their own if they ask the same", async () => {
    const { outcomes, searched } = await shard(users);
    expect(searched).toHaveLength(users.length);
    expect(outcomes[2]?.beams.scores).not.toEqual(outcomes[0]?.beams.scores);
    const twice = await shard([...users, ...users.slice(0, 1)]);
    expect(twice.searched).toHaveLength(users.length);
    expect(twice.outcomes.at(-1)).toBe(twice.outcomes[0]);
  });

  it("need a name", async () => {
    await expect(shard([user([1])])).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  it.each([{ seed: -1 }, { seed: 0.5 }, { temperature: 0 }, { temperature: Number.NaN }])(
    "are refused %o",
    async (wrong) => {
      const { options, search } = setUp();
      const mistaken = { ...search, verification: { ...verification, ...wrong } };
      await expect(decodeShard(users, options({ search: mistaken }))).rejects.toMatchObject({
        code: "BAD_OPTION",
      });
    },
  );
});
