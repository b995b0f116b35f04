import {
  type Catalogue,
  type Exclusion,
  excludeItems,
  filterCatalogue,
  NOTHING_EXCLUDED,
  pathOf,
} from "@nightbeam/catalogue";
import fc from "fast-check";
import {
  CombinedDrafter,
  type Drafter,
  emptyDrafter,
  fixedWidths,
  LeafListsBuilder,
  LevelHeadsDrafter,
  ListsDrafter,
  ModelDrafter,
  RetrievalDrafter,
  type Scoring,
  type SearchOutcome,
  type SpeculativeOptions,
  TransitionCounter,
  TransitionsDrafter,
} from "../../src/index.js";
import { pathsOf, someCatalogue } from "./arbitraries.js";
import { decodeBatch } from "./decode.js";
import { fakeHeads } from "./fake-heads.js";
import { type FakeModel, fakeModel, halfAndHalf } from "./fake-model.js";
import { checkedDrafter, FakeScorer, junkDrafter } from "./fakes.js";

/** One user's search, for any drafter. */
export interface Scenario {
  readonly catalogue: Catalogue;
  readonly scoring: Scoring;
  readonly model: FakeModel;
  readonly seed: number;
  readonly prompt: Int32Array;
  readonly beamWidth: number;
  readonly widths: readonly number[];
  /** Indices of the user's items. */
  readonly history: Uint32Array;
  readonly exclusion: Exclusion;
  /** The catalogue without what is excluded; undefined if everything is excluded. */
  readonly remaining: Catalogue | undefined;
}

/** @param values numbers of different logits to draw from; see `FakeModelOptions` */
export function someScenario(options: {
  excluding: boolean;
  values: readonly number[];
}): fc.Arbitrary<Scenario> {
  return someCatalogue.chain((catalogue) => {
    const items = fc.array(fc.nat({ max: catalogue.itemCount - 1 }), { maxLength: 30 });
    return fc
      .record({
        seed: fc.nat(1e6),
        scoring: fc.constantFrom<Scoring>("full", "renormalized"),
        values: fc.constantFrom(...options.values),
        prompt: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }),
        beamWidth: fc.oneof(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: catalogue.itemCount + 3 }),
        ),
        widths: fc.array(fc.nat(catalogue.itemCount + 3), { maxLength: catalogue.trie.levels + 1 }),
        history: items,
        excluded: options.excluding ? items : fc.constant([]),
      })
      .map(({ seed, scoring, values, prompt, beamWidth, widths, history, excluded }) => ({
        catalogue,
        seed,
        scoring,
        model: fakeModel({ seed, scoring, values }),
        prompt: Int32Array.from(prompt),
        beamWidth,
        widths,
        history: Uint32Array.from(history),
        exclusion: excluded.length === 0 ? NOTHING_EXCLUDED : excludeItems(catalogue, excluded),
        remaining: without(catalogue, new Set(excluded)),
      }));
  });
}

function without(catalogue: Catalogue, excluded: ReadonlySet<number>): Catalogue | undefined {
  if (excluded.size === catalogue.itemCount) return undefined;
  return filterCatalogue(catalogue, {
    block: [...excluded].map((index) => catalogue.itemId(index)),
  });
}

/** The paths that the scenario's user may get. */
export function remainingPaths({ remaining }: Scenario): number[][] {
  return remaining === undefined ? [] : pathsOf(remaining);
}

export const drafterNames = [
  "none",
  "perfect",
  "random",
  "opposite",
  "partly right",
  "junk",
  "transitions",
  "retrieval",
  "lists",
  "heads",
  "combined",
] as const;
/** The name of a scenario's one user. */
export const USER = "Ada";
export type DrafterName = (typeof drafterNames)[number];

/** A drafter for a scenario; the drafts of all but the empty one and junk are checked. */
export function drafterFor(name: DrafterName, scenario: Scenario): Drafter {
  const { catalogue, scoring, model, seed } = scenario;
  const other = fakeModel({ seed: seed + 1, scoring });
  const drafting = (guess: FakeModel) =>
    checkedDrafter(new ModelDrafter(new FakeScorer(catalogue.trie, guess)));
  switch (name) {
    case "none":
      return emptyDrafter;
    case "perfect":
      return drafting(model);
    case "random":
      return drafting(other);
    case "opposite":
      return drafting(fakeModel({ seed, scoring, opposite: true }));
    case "partly right":
      return drafting(halfAndHalf(model, other));
    case "junk":
      return junkDrafter(seed);
    case "transitions": {
      const counter = new TransitionCounter(catalogue.itemCount);
      counter.add(scenario.history.toReversed());
      return checkedDrafter(new TransitionsDrafter({ catalogue, table: counter.finish() }));
    }
    case "retrieval":
      return checkedDrafter(new RetrievalDrafter());
    case "lists": {
      const lists = new LeafListsBuilder();
      lists.add(
        USER,
        Array.from(scenario.history, (item) => catalogue.leafOf(item)),
      );
      return checkedDrafter(new ListsDrafter(lists.finish()));
    }
    case "heads":
      return checkedDrafter(new LevelHeadsDrafter(fakeHeads(seed)));
    case "combined":
      return checkedDrafter(
        new CombinedDrafter([
          drafterFor("transitions", scenario),
          drafterFor("lists", scenario),
          drafterFor("partly right", scenario),
        ]),
      );
  }
}

export function optionsFor(scenario: Scenario, drafter: Drafter): SpeculativeOptions {
  const { catalogue, scoring, model, widths, beamWidth } = scenario;
  return {
    target: new FakeScorer(catalogue.trie, model),
    drafter,
    policy: fixedWidths(widths),
    space: { trie: catalogue.trie, scoring },
    beamWidth,
  };
}

/** Decodes the scenario's one user. */
export async function decode(scenario: Scenario, drafter: Drafter): Promise<SearchOutcome> {
  const { prompt, history, exclusion } = scenario;
  const jobs = [{ key: 7, name: USER, prompt, history, exclusion }];
  const [outcome] = await decodeBatch(optionsFor(scenario, drafter), jobs);
  if (outcome === undefined) throw new Error("the batch has no outcome");
  return outcome;
}

/** An outcome's beams as code paths and scores. */
export function scoredPaths({ catalogue }: Scenario, { beams }: SearchOutcome) {
  return Array.from(beams.prefixes, (prefix, at) => ({
    path: pathOf(catalogue.trie, prefix),
    score: beams.scores[at] ?? Number.NaN,
  }));
}
