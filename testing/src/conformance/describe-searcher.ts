import { join } from "node:path";
import { type Catalogue, excludeItems, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  type Beams,
  closedLeavesOf,
  type DecodeJob,
  type Scoring,
  type Searcher,
  searchDecoder,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useTempDir } from "../directories.js";
import { below, seeded } from "../random.js";

import {
  type CheckpointOptions,
  type ModelShape,
  writeCheckpoint,
} from "../world/checkpoint/write-checkpoint.js";
import { someCatalogue, somePrompt } from "./requests.js";
import type { OpenScorer, ScorerSettings } from "./scorer-world.js";

export interface OpenSearcher {
  readonly searcher: Searcher;
  close(): Promise<void>;
}

/** Opens an implementation, and the same model as a `Scorer`. */
export interface SearcherOpeners {
  readonly open: (settings: ScorerSettings) => Promise<OpenSearcher>;
  readonly openScorer: (settings: ScorerSettings) => Promise<OpenScorer>;
  /** Largest difference of scores, in nats: float32 sums in another order. Default: 1e-5. */
  readonly tolerance?: number;
  /** Whether it looks at drafted prefixes. Then scores have the same bits with any of them. Default: it does not. */
  readonly drafting?: boolean;
  /** Whether a user's scores under `full` have the same bits alone and in company. Default: false. */
  readonly batchInvariant?: boolean;
}

interface SearchWorld {
  readonly shape: ModelShape;
  readonly options?: CheckpointOptions;
  readonly items: number;
}

/** Models and catalogues that are searched in different ways. */
export const SEARCH_WORLDS: Readonly<Record<string, SearchWorld>> = {
  "four levels": { shape: { levels: 4, codesPerLevel: 24 }, items: 500 },
  "eight levels, grouped heads with norms, a tied head": {
    shape: {
      modelType: "qwen3",
      levels: 8,
      codesPerLevel: 5,
      heads: 4,
      keyValueHeads: 2,
      headSize: 16,
      tiedHead: true,
    },
    items: 300,
  },
  "two levels, biases": {
    shape: { modelType: "qwen2", levels: 2, codesPerLevel: 60, keyValueHeads: 1, layers: 3 },
    items: 200,
  },
  // A wide vocabulary has no table of the first layer's projections.
  "three levels, many codes, scores that tie": {
    shape: { levels: 3, codesPerLevel: 300, width: 64, attentionBias: true, mlpBias: true },
    options: { tokensPerRow: 3 },
    items: 900,
  },
  "T5, three levels, heads wider than the stream": {
    shape: {
      modelType: "t5",
      levels: 3,
      codesPerLevel: 24,
      encoderLayers: 1,
      decoderLayers: 2,
      heads: 3,
      headSize: 16,
      maxDistance: 40,
    },
    items: 300,
  },
  "T5 1.1, eight levels, a head of its own, scores that tie": {
    shape: {
      modelType: "t5",
      levels: 8,
      codesPerLevel: 5,
      encoderLayers: 2,
      decoderLayers: 1,
      feedForward: "gated-gelu",
      tiedHead: false,
    },
    options: { tokensPerRow: 3 },
    items: 100,
  },
};

const SCORINGS: readonly Scoring[] = ["full", "renormalized"];

/**
 * The tests that every `Searcher` of a model has to pass: its lists are those of the search in
 * TypeScript over the log-probabilities of the same model.
 */
export function describeSearcher(name: string, openers: SearcherOpeners): void {
  const { open, openScorer, tolerance = 1e-5, drafting = false, batchInvariant = false } = openers;
  describe(name, () => {
    const parent = useTempDir();
    describe.each(Object.entries(SEARCH_WORLDS))("%s", (worldName, world) => {
      describe.each(SCORINGS)("%s scoring", (scoring) => {
        let catalogue: Catalogue;
        let searcher: OpenSearcher;
        let scorer: OpenScorer;
        beforeAll(async () => {
          const { levels = 4, codesPerLevel = 16 } = world.shape;
          catalogue = someCatalogue({ levels, codesPerLevel, items: world.items, seed: 5 });
          const directory = join(parent(), `${worldName} ${scoring}`);
          await writeCheckpoint({ directory, seed: 3, config: world.shape, ...options(world) });
          const settings = { directory, catalogue, scoring };
          searcher = await open(settings);
          scorer = await openScorer(settings);
        });
        afterAll(async () => {
          await searcher?.close();
          await scorer?.close();
        });

        const expectEqualLists = async (jobs: readonly DecodeJob[], beamWidth: number) => {
          const search = { space: { trie: catalogue.trie, scoring }, beamWidth };
          const found = await decode(searchDecoder({ ...search, target: searcher.searcher }), jobs);
          const expected = await decode(
            speculativeDecoder({ ...search, target: scorer.scorer }),
            jobs,
          );
          found.forEach((beams, at) => {
            expectSameList(beams, expected[at], tolerance);
          });
        };
        const users = (count: number, excluding: boolean) =>
          someJobs({ catalogue, world, count, excluding });

        // Programs share the search: with a draft, a few of its widths are enough.
        it.each(drafting ? [1, 20] : [1, 2, 7, 20, 64, 1000])(
          "has the lists of %i beams",
          async (beamWidth) => {
            await expectEqualLists(users(5, false), beamWidth);
          },
        );

        it.each(drafting ? [20] : [1, 20, 300])(
          "leaves out what users exclude, of %i beams",
          async (beamWidth) => {
            await expectEqualLists(users(6, true), beamWidth);
          },
        );

        it.runIf(drafting)("has the same scores, to the bit, with any draft", async () => {
          const { trie } = catalogue;
          const random = seeded(23);
          const inner = (trie.levelStart[trie.levels] ?? 0) - 1;
          const shares = [0, 0.05, 0.5, 0.95, 1];
          for (const beamWidth of [1, 9, 70]) {
            const lists = shares.map(async (share) => {
              const requests = users(5, true).map(({ key, prompt, exclusion }) => ({
                key,
                prompt,
                closed: key === 4 ? new Uint32Array() : closedLeavesOf(exclusion),
                drafted: Uint32Array.from({ length: inner }, (_, at) => at + 1).filter(
                  () => below(random, 1000) < 1000 * share,
                ),
              }));
              const answers = await searcher.searcher.search(requests, { beamWidth });
              if (share === 1) {
                const levels = answers.map(({ draftedLevels }) => draftedLevels);
                expect(levels).toEqual(levels.map(() => trie.levels - 1));
              }
              return answers.map(({ beams }) => beams);
            });
            const [first, ...others] = await Promise.all(lists);
            for (const other of others) expect(other).toEqual(first);
          }
        });

        it("gives a user the same list alone", async () => {
          const jobs = users(9, true);
          const search = { space: { trie: catalogue.trie, scoring }, beamWidth: 12 };
          const decoder = searchDecoder({ ...search, target: searcher.searcher });
          const together = await decode(decoder, jobs);
          for (const [at, job] of jobs.entries()) {
            const [alone] = await decode(decoder, [job]);
            if (alone === undefined) throw new Error("no list came back");
            if (batchInvariant && scoring === "full") expect(alone).toEqual(together[at]);
            expectSameList(alone, together[at], tolerance);
          }
        });
      });
    });
  });
}

function options({ options }: SearchWorld): { options?: CheckpointOptions } {
  return options === undefined ? {} : { options };
}

async function decode(
  decoder: ReturnType<typeof searchDecoder>,
  jobs: readonly DecodeJob[],
): Promise<Beams[]> {
  const outcomes = await decoder.decode(jobs, new AbortController().signal);
  return outcomes.map(({ beams }) => beams);
}

/** Users with prompts of many lengths; some exclude one item, some nearly all, one everything. */
function someJobs(options: {
  readonly catalogue: Catalogue;
  readonly world: SearchWorld;
  readonly count: number;
  readonly excluding: boolean;
}): DecodeJob[] {
  const { catalogue, world, count, excluding } = options;
  const { levels = 4, codesPerLevel = 16 } = world.shape;
  const vocabularySize = 4 + levels * codesPerLevel;
  const random = seeded(17 + count);
  return Array.from({ length: count }, (_, key) => {
    const length = 1 + below(random, 60);
    const share = [0.02, 0.3, 0.7, 0.97, 1][key % 5] ?? 0;
    const items = Array.from({ length: catalogue.itemCount }, (_, item) => item).filter(
      () => below(random, 1000) < 1000 * share,
    );
    return {
      key,
      prompt: somePrompt({ length, vocabularySize, random }),
      history: new Uint32Array(),
      exclusion: excluding ? excludeItems(catalogue, items) : NOTHING_EXCLUDED,
    };
  });
}

/**
 * Scores agree rank by rank, and so do leaves, except that leaves whose scores are closer than the
 * tolerance may change places, at the end of the list with leaves that are not on it.
 */
export function expectSameList(found: Beams, expected: Beams | undefined, tolerance: number): void {
  if (expected === undefined) throw new Error("there is no list to compare with");
  expect(found.prefixes).toHaveLength(expected.prefixes.length);
  const rankOf = new Map(Array.from(expected.prefixes, (leaf, rank) => [leaf, rank]));
  const last = expected.scores.at(-1) ?? 0;
  found.prefixes.forEach((leaf, rank) => {
    const score = found.scores[rank] ?? Number.NaN;
    const at = (other: number) => Math.abs(score - (expected.scores[other] ?? Number.NaN));
    expect(at(rank)).toBeLessThanOrEqual(tolerance);
    const place = rankOf.get(leaf);
    expect(place === undefined ? Math.abs(score - last) : at(place)).toBeLessThanOrEqual(tolerance);
    // Exactly equal scores have one order.
    const next = rank + 1;
    if (score === found.scores[next]) expect(leaf).toBeLessThan(found.prefixes[next] ?? 0);
  });
}
