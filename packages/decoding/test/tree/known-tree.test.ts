import { childCodes, childCount, excludeItems, parentOf, pathOf, ROOT } from "@nightbeam/catalogue";
import { catalogueOf } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeShard, type KnownTree } from "../../src/index.js";
import { bruteForce } from "../support/brute-force.js";
import { decodeBatch } from "../support/decode.js";
import { fakeModel } from "../support/fake-model.js";
import { FakeScorer } from "../support/fakes.js";
import {
  drafterFor,
  drafterNames,
  optionsFor,
  remainingPaths,
  type Scenario,
  someScenario,
} from "../support/scenario.js";
import { setUp, catalogue as shardCatalogue, user } from "../support/shards.js";

/** Decodes the scenario's user, and returns what became known. */
async function watched(scenario: Scenario, drafter = drafterFor("none", scenario)) {
  const { catalogue, prompt, history, exclusion, model } = scenario;
  const target = new FakeScorer(catalogue.trie, model);
  const heard: KnownTree[] = [];
  const job = { key: 7, prompt, history, exclusion };
  const decoder = { ...optionsFor(scenario, drafter), target };
  const [outcome] = await decodeBatch(decoder, [{ ...job, onKnown: (tree) => heard.push(tree) }]);
  const [unwatched] = await decodeBatch(optionsFor(scenario, drafterFor("none", scenario)), [job]);
  const [tree] = heard;
  if (heard.length !== 1 || tree === undefined) throw new Error("onKnown is called once");
  const asked = target.calls
    .flat()
    .flatMap((request) => Array.from(request.tree.wanted, (at) => request.tree.prefixes[at] ?? -1));
  return { outcome, unwatched, tree, asked };
}

describe.each(drafterNames)("what is known after a search with the drafter: %s", (name) => {
  it("is what the target answers, parents first, and leaves the beams as they are", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: true, values: [2, 1e6] }), async (scenario) => {
        const { trie } = scenario.catalogue;
        const { tree, asked, outcome, unwatched } = await watched(
          scenario,
          drafterFor(name, scenario),
        );
        expect(outcome?.beams).toEqual(unwatched?.beams);
        expect([...tree.prefixes]).toEqual([...tree.prefixes].toSorted((a, b) => a - b));
        expect(new Set(tree.prefixes).size).toBe(tree.prefixes.length);
        expect(tree.parents.length).toBe(tree.prefixes.length);
        expect(tree.rows.length).toBe(tree.prefixes.length);
        tree.prefixes.forEach((prefix, entry) => {
          const parent = tree.parents[entry] ?? Number.NaN;
          if (prefix === ROOT) expect([entry, parent]).toEqual([0, -1]);
          else expect(tree.prefixes[parent]).toBe(parentOf(trie, prefix));
          const codes = [...childCodes(trie, prefix)];
          const after = { path: pathOf(trie, prefix), codes };
          const expected = scenario.model.logProbs(scenario.prompt, after);
          if (asked.includes(prefix)) expect([...(tree.rows[entry] ?? [])]).toEqual(expected);
          else expect([...(tree.rows[entry] ?? []), codes.length]).toEqual([0, 1]);
        });
        const listed = new Set(tree.prefixes);
        const lacking = asked.filter((prefix) => !listed.has(prefix));
        // Asked about, but below a prefix that is not known.
        for (const prefix of lacking) expect(listed.has(parentOf(trie, prefix))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

it("holds every beam of plain search, certain ones included", async () => {
  await fc.assert(
    fc.asyncProperty(someScenario({ excluding: false, values: [1e6] }), async (scenario) => {
      const { tree } = await watched(scenario);
      const { trie } = scenario.catalogue;
      const { model, prompt, beamWidth } = scenario;
      const plain = bruteForce({ paths: remainingPaths(scenario), model, prompt, beamWidth });
      const inner = plain.slice(0, -1).flat();
      const listed = Array.from(tree.prefixes, (prefix) => pathOf(trie, prefix).join());
      expect(listed.toSorted()).toEqual(inner.map(({ path }) => path.join()).toSorted());
    }),
    { numRuns: 200 },
  );
});

describe("under renormalized scoring", () => {
  const scoring = "renormalized";
  const base = (catalogue: Scenario["catalogue"]): Scenario => ({
    catalogue,
    scoring,
    model: fakeModel({ seed: 3, scoring }),
    seed: 3,
    prompt: Int32Array.of(4, 2),
    beamWidth: 9,
    widths: [9, 9],
    history: new Uint32Array(),
    exclusion: excludeItems(catalogue, []),
    remaining: catalogue,
  });

  it("a prefix on the way that has no alternative is listed as certain", async () => {
    // After 0 only 1, after 0 1 two codes; after 2 only one path.
    const catalogue = catalogueOf([
      [0, 1, 0],
      [0, 1, 2],
      [2, 0, 3],
    ]);
    const { tree, asked } = await watched(base(catalogue));
    const paths = Array.from(tree.prefixes, (prefix) => pathOf(catalogue.trie, prefix).join(" "));
    expect(paths).toEqual(["", "0", "2", "0 1", "2 0"]);
    expect([...tree.parents]).toEqual([-1, 0, 0, 1, 2]);
    expect(tree.rows.map((row) => row.length)).toEqual([2, 1, 1, 2, 1]);
    expect([1, 2, 4].map((at) => tree.rows[at]?.[0])).toEqual([0, 0, 0]);
    expect(asked).toHaveLength(2);
  });

  it("log-probabilities are the target's, not those of the user's remaining items", async () => {
    const catalogue = catalogueOf([
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
      [1, 0, 1],
      [2, 0, 0],
    ]);
    // Item 5 is all that is below 2; items 0 and 1 all below 0 0, which leaves 0 one child.
    const exclusion = excludeItems(catalogue, [0, 1, 5]);
    const { tree } = await watched({ ...base(catalogue), exclusion });
    const sum = (row: Float64Array | undefined) =>
      [...(row ?? [])].reduce((total, value) => total + Math.exp(value), 0);
    expect(tree.rows[0]).toHaveLength(3);
    expect(sum(tree.rows[0])).toBeCloseTo(1, 12);
    const paths = Array.from(tree.prefixes, (prefix) => pathOf(catalogue.trie, prefix).join(" "));
    // 0 has two children in the catalogue and was not asked about: neither it nor 0 1 is there.
    expect(paths).toEqual(["", "1", "1 0"]);
    expect(childCount(catalogue.trie, tree.prefixes[1] ?? 0)).toBe(1);
  });
});

describe("in a shard", () => {
  it("onKnown is called for the first of the users with the same question, once", async () => {
    const heard: string[] = [];
    const named = (name: string, prompt: readonly number[]) => ({
      ...user(prompt),
      onKnown: () => heard.push(name),
    });
    const users = [named("a", [1]), named("b", [1]), user([2]), named("c", [3, 1])];
    const { options } = setUp();
    await decodeShard(users, options({ concurrency: 2 }));
    expect(heard.toSorted()).toEqual(["a", "c"]);
  });

  it("a user who may get no item has an empty tree", async () => {
    const heard: KnownTree[] = [];
    const all = Array.from({ length: shardCatalogue.itemCount }, (_, item) => item);
    const nothing = user([1], excludeItems(shardCatalogue, all));
    await decodeShard([{ ...nothing, onKnown: (tree) => heard.push(tree) }], setUp().options());
    expect(heard).toEqual([{ prefixes: Uint32Array.of(), parents: Int32Array.of(), rows: [] }]);
  });
});
