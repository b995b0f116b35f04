import { type Exclusion, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { fullCatalogue } from "@nightbeam/testing";
import {
  ModelDrafter,
  type ShardOptions,
  type ShardUser,
  type SpeculativeOptions,
  speculativeDecoder,
} from "../../src/index.js";
import { fakeModel } from "./fake-model.js";
import { FakeScorer } from "./fakes.js";
import { optionsFor, type Scenario } from "./scenario.js";

export const catalogue = fullCatalogue({ levels: 3, codes: 3 });
/** What the users of a shard share. */
export const scenario: Scenario = {
  catalogue,
  scoring: "full",
  model: fakeModel({ seed: 2, scoring: "full" }),
  seed: 2,
  prompt: Int32Array.of(0),
  beamWidth: 4,
  widths: [3, 6],
  history: new Uint32Array(),
  exclusion: NOTHING_EXCLUDED,
  remaining: catalogue,
};

/** Options of a decoder with a draft that is mostly wrong, and options for shards of it. */
export function setUp() {
  const target = new FakeScorer(catalogue.trie, scenario.model);
  const draft = new FakeScorer(catalogue.trie, fakeModel({ seed: 5, scoring: "full" }));
  const search = { ...optionsFor(scenario, new ModelDrafter(draft)), target };
  let keys = 0;
  const options = (
    more: Partial<Omit<ShardOptions, "decoder">> & { search?: SpeculativeOptions } = {},
  ): ShardOptions => ({
    decoder: speculativeDecoder(more.search ?? search),
    batchSize: 2,
    concurrency: 1,
    nextKey: () => keys++,
    ...more,
  });
  return { target, draft, search, options };
}

export function user(
  prompt: readonly number[],
  exclusion: Exclusion = NOTHING_EXCLUDED,
): ShardUser {
  return { prompt: Int32Array.from(prompt), history: new Uint32Array(), exclusion };
}

/** Prompts of all users that a scorer met. */
export function promptsAsked({ calls }: FakeScorer): string[] {
  const prompts = new Map(calls.flat().map(({ key, prompt }) => [key, prompt.join(" ")]));
  return [...prompts.values()];
}
