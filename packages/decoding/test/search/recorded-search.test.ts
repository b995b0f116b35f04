import { parentOf, ROOT } from "@nightbeam/catalogue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeShard, type RecordedSearch } from "../../src/index.js";
import { widthAt } from "../../src/search/beam-width.js";
import { decodeBatch } from "../support/decode.js";
import { FakeScorer } from "../support/fakes.js";
import { drafterFor, drafterNames, optionsFor, someScenario } from "../support/scenario.js";
import { setUp, user } from "../support/shards.js";

describe.each(drafterNames)("the record of a search with the drafter: %s", (name) => {
  it("records what was asked, used and kept, and changes no list", async () => {
    await fc.assert(
      fc.asyncProperty(someScenario({ excluding: true, values: [2, 1e6] }), async (scenario) => {
        const { catalogue, prompt, history, exclusion, model, beamWidth } = scenario;
        const { trie } = catalogue;
        const decoder = () => ({
          ...optionsFor(scenario, drafterFor(name, scenario)),
          target: new FakeScorer(trie, model),
        });
        const job = { key: 7, prompt, history, exclusion };
        const searches: RecordedSearch[] = [];
        const onSearched = (search: RecordedSearch) => searches.push(search);
        const recorded = decoder();
        const [outcome] = await decodeBatch(recorded, [{ ...job, onSearched }]);
        const [plain] = await decodeBatch(decoder(), [job]);
        expect(outcome).toEqual(plain);

        const [search] = searches;
        const prefixes = search?.prefixes ?? [];
        expect(searches.length).toBe(1);
        expect(search?.calls).toBe(outcome?.cost.calls);
        prefixes.forEach(({ prefix, parent }, at) => {
          if (prefix === ROOT) {
            expect([at, parent]).toEqual([0, -1]);
            return;
          }
          expect(parent).toBeLessThan(at);
          expect(prefixes[parent]?.prefix).toBe(parentOf(trie, prefix));
        });
        // What the target was asked, call by call.
        const calls = recorded.target.calls.map(([request]) => {
          const { prefixes: entries = [], wanted = [] } = request?.tree ?? {};
          return Array.from(wanted, (entry) => entries[entry]);
        });
        const told = calls.map((_, at) =>
          prefixes.filter(({ call }) => call === at + 1).map(({ prefix }) => prefix),
        );
        expect(told).toEqual(calls);
        const askedOrCertain = prefixes.filter(({ used }) => used);
        for (const { call, askedBy, kept } of askedOrCertain) {
          expect([call === null, askedBy === null, kept]).toEqual([false, false, true]);
        }
        // Nothing that the search was missing is for nothing.
        for (const { askedBy, used } of prefixes) if (askedBy === "target") expect(used).toBe(true);

        const depths = prefixes.map(() => 0);
        prefixes.forEach(({ parent }, at) => {
          depths[at] = parent < 0 ? 0 : (depths[parent] ?? 0) + 1;
        });
        for (let depth = 1; depth <= trie.levels; depth++) {
          const kept = prefixes.filter((one, at) => one.kept && depths[at] === depth);
          expect(kept.length).toBeLessThanOrEqual(widthAt(beamWidth, depth));
        }
        const leaves = prefixes.filter((one, at) => one.kept && depths[at] === trie.levels);
        const { beams } = outcome ?? {};
        const scores = new Map(leaves.map(({ prefix, score }) => [prefix, score]));
        expect(leaves.length).toBe(beams?.prefixes.length);
        beams?.prefixes.forEach((leaf, rank) => {
          const score = beams.scores[rank] ?? 0;
          expect(scores.get(leaf)).toBe(Number.isFinite(score) ? score : null);
        });
      }),
      { numRuns: 60 },
    );
  });
});

it("is given to every user who wants one, also to those with the same question", async () => {
  const heard: string[] = [];
  const wanting = (name: string) => ({ ...user([1, 2]), onSearched: () => void heard.push(name) });
  await decodeShard([user([1, 2]), wanting("second"), wanting("third")], setUp().options());
  expect(heard).toEqual(["second", "third"]);
});
