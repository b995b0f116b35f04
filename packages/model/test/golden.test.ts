import { join } from "node:path";
import { type Catalogue, findPrefix, pathOf } from "@nightbeam/catalogue";
import {
  type BatchDecoder,
  type Drafter,
  decodeShard,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  type Scoring,
  type SearchOutcome,
  searchDecoder,
  speculativeDecoder,
  TransitionsDrafter,
  treeOf,
  uniformWidths,
} from "@nightbeam/decoding";
import { type Model, openModel, openSearcher } from "@nightbeam/model";
import { useTempDir } from "@nightbeam/testing";
import { scoreAlone, scoreTogether } from "@nightbeam/testing/conformance";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  beautyCatalogue,
  beautyTransitions,
  draftDirectory,
  type GoldenUser,
  goldenFile,
  goldenUsers,
  haveBeauty,
  itemIndices,
  shardUsers,
  targetDirectory,
} from "./support/beauty.js";

const BEAM_WIDTH = 20;
const SCORINGS: readonly Scoring[] = ["full", "renormalized"];
/** Golden scores are written with six decimals, and came from another runtime. */
const SCORE_TOLERANCE = 1e-4;
/** Of 100: with drafts, each list is that of plain search, so that fewer do. */
const DRAFTED_USERS = 32;

if (!haveBeauty) console.warn(`skipping the golden lists: there is no ${goldenFile}`);

describe.skipIf(!haveBeauty)("the golden lists of a trained pair", () => {
  const temporary = useTempDir();
  let catalogue: Catalogue;
  let users: GoldenUser[];
  let untrained: string;
  beforeAll(async () => {
    catalogue = beautyCatalogue();
    users = goldenUsers();
    untrained = join(temporary(), "untrained");
    // The trained draft's shape, with weights that know nothing.
    const config = { codesPerLevel: 256, width: 96, heads: 3, intermediate: 256 };
    await writeCheckpoint({ directory: untrained, seed: 1, config });
  });

  describe.each(SCORINGS)("%s scoring", (scoring) => {
    const settings = (directory: string) => ({
      directory,
      catalogue,
      scoring,
      precision: "fp32" as const,
      cacheDirectory: temporary(),
      threads: 1,
    });
    const open = (directory: string, workers: number) =>
      openModel({ ...settings(directory), workers, cacheBytes: 2 ** 28 });
    const search = () => ({ space: { trie: catalogue.trie, scoring }, beamWidth: BEAM_WIDTH });
    /** All programs have the same prompts. */
    const decodeAll = async (decoder: BatchDecoder, asked = users) => {
      let key = 0;
      const { outcomes } = await decodeShard(shardUsers(asked, { catalogue, target }), {
        decoder,
        batchSize: 32,
        concurrency: 2,
        nextKey: () => key++,
      });
      return outcomes;
    };
    const expectGolden = (outcomes: readonly SearchOutcome[], asked = users) => {
      const paths = outcomes.map(({ beams }) =>
        Array.from(beams.prefixes, (leaf) => pathOf(catalogue.trie, leaf)),
      );
      expect(paths).toEqual(asked.map((user) => user[scoring].map(({ codes }) => codes)));
      outcomes.forEach(({ beams }, at) => {
        const golden = asked[at]?.[scoring] ?? [];
        golden.forEach(({ score }, rank) => {
          expect(Math.abs(score - (beams.scores[rank] ?? Number.NaN))).toBeLessThan(
            SCORE_TOLERANCE,
          );
        });
      });
    };
    let target: Model;
    const opened: Pick<Model, "close">[] = [];
    beforeAll(async () => {
      target = await open(targetDirectory, 2);
      opened.push(target);
    });
    afterAll(async () => {
      await Promise.all(opened.map((model) => model.close()));
    });

    const modelDrafter = async (directory: string) => {
      const model = await open(directory, 1);
      opened.push(model);
      return new ModelDrafter(model.scorer);
    };
    const drafters: Record<string, () => Promise<Drafter>> = {
      "no draft": async () => emptyDrafter,
      "the trained draft": () => modelDrafter(draftDirectory),
      "an untrained draft": () => modelDrafter(untrained),
      transitions: async () =>
        new TransitionsDrafter({ catalogue, table: beautyTransitions(catalogue) }),
    };

    it.each(Object.entries(drafters))("with %s", async (name, makeDrafter) => {
      const drafter = await makeDrafter();
      const asked = drafter === emptyDrafter ? users : users.slice(0, DRAFTED_USERS);
      const outcomes = await decodeAll(
        speculativeDecoder({
          ...search(),
          target: target.scorer,
          drafter,
          policy: fixedWidths(drafter === emptyDrafter ? [] : uniformWidths(40, 4)),
        }),
        asked,
      );
      expectGolden(outcomes, asked);
      const mean = (of: (cost: (typeof outcomes)[number]["cost"]) => number) =>
        (outcomes.reduce((sum, { cost }) => sum + of(cost), 0) / outcomes.length).toFixed(2);
      console.info(
        `${scoring}, ${name}: ${mean(({ calls }) => calls)} calls and ${mean(({ nodes }) => nodes)} nodes per user`,
      );
    });

    it.each(["beam-search", "verify-tree"] as const)(
      "in one run per batch, by %s",
      async (program) => {
        const model = await openSearcher({ ...settings(targetDirectory), workers: 2, program });
        opened.push(model);
        const decoder = searchDecoder({
          ...search(),
          target: model.searcher,
          drafter: await modelDrafter(draftDirectory),
          policy: fixedWidths(program === "verify-tree" ? uniformWidths(40, 4) : []),
        });
        const asked = program === "verify-tree" ? users.slice(0, DRAFTED_USERS) : users;
        expectGolden(await decodeAll(decoder, asked), asked);
      },
    );

    it("rest on scores whose bits do not depend on the batch", async () => {
      const { trie } = catalogue;
      const requests = users.slice(0, 24).map((user, key) => ({
        key,
        prompt: Int32Array.from(user.prompt),
        tree: treeOf(
          trie,
          user[scoring].map(({ codes }) => findPrefix(trie, codes.slice(0, 1 + (key % 3)))),
        ),
      }));
      const together = await scoreTogether(target.scorer, requests);
      for (const [at, request] of requests.entries()) {
        expect(await scoreAlone(target.scorer, request)).toEqual(together[at]);
      }
    });

    it("from the prompts of an independent implementation", () => {
      for (const { history, prompt } of users) {
        expect(Array.from(target.encodePrompt(itemIndices(catalogue, history)))).toEqual(prompt);
      }
    });
  });
});
