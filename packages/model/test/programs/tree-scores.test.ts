import { join } from "node:path";
import { childCount, NOTHING_EXCLUDED, ROOT } from "@nightbeam/catalogue";
import { BeamSearch, treeOf } from "@nightbeam/decoding";
import { type ModelOptions, openModel } from "@nightbeam/model";
import { useTempDir } from "@nightbeam/testing";
import {
  describeScorer,
  describeScorerByLevels,
  type ScorerOpener,
  ScorerWorld,
  scoreAlone,
  scoreTogether,
  someCatalogue,
} from "@nightbeam/testing/conformance";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { readModelConfig } from "../../src/checkpoint/model-config.js";
import { RunOutputs } from "../../src/onnx/outputs.js";
import { nodeRows } from "../../src/programs/node-rows.js";
import { treeScores } from "../../src/programs/tree-scores.js";

function local(options: Pick<ModelOptions, "workers" | "threads" | "cacheBytes">): ScorerOpener {
  return async (settings) => {
    const model = await openModel({
      ...settings,
      ...options,
      precision: "fp32",
      // Nothing is converted: float32 checkpoints run as they are.
      cacheDirectory: settings.directory,
    });
    return { scorer: model.scorer, close: model.close };
  };
}

const pool = local({ workers: 2, threads: 1, cacheBytes: 2 ** 28 });
// So little is kept that most users are forgotten at once, some between two calls.
const forgetful = local({ workers: 1, threads: 2, cacheBytes: 2 ** 18 });

describeScorer("two workers with a prompt cache", pool);
describeScorer("a worker without a cache", local({ workers: 1, threads: 1, cacheBytes: 0 }));
describeScorer("a worker of two threads with a small cache", forgetful);
describeScorerByLevels("two workers with a prompt cache", pool);

describe("a worker with more threads than the model has heads", () => {
  const temporary = useTempDir();

  it("gives a user of few nodes and a long prompt the same bits in any batch", async () => {
    const shape = { heads: 2, headSize: 128, layers: 1, maxPositions: 256 };
    const world = await ScorerWorld.write({ parent: temporary(), name: "model", shape });
    const { directory, catalogue } = world;
    const manyThreads = local({ workers: 1, threads: 4, cacheBytes: 0 });
    const { scorer, close } = await manyThreads({ directory, catalogue, scoring: "full" });
    for (const nodes of [3, 5, 9]) {
      const user = world.request(world.prompt(240), [1, 2, 3, 4, 5, 6, 7, 8, 9].slice(0, nodes));
      const alone = await scoreAlone(scorer, world.again(user));
      const [together] = await scoreTogether(scorer, [user, ...world.users([240, 240, 240])]);
      expect(together).toEqual(alone);
    }
    await close();
  });
});

describe("a model that rules out all children of a prefix", () => {
  const temporary = useTempDir();

  it("has NaN as their log-probabilities, which a search refuses", async () => {
    const directory = join(temporary(), "checkpoint");
    await writeCheckpoint({ directory, seed: 1 });
    const { architecture } = await readModelConfig(directory);
    const { trie } = someCatalogue({ levels: 2, codesPerLevel: 3, items: 9, seed: 1 });
    const codeTokens = [Int32Array.of(0, 1, 2), Int32Array.of(3, 4, 5)];
    const scoring = "renormalized";
    const program = treeScores({ architecture, trie, codeTokens, scoring, onDevice: false });
    const children = childCount(trie, ROOT);
    const logits = new Float32Array(children).fill(Number.NEGATIVE_INFINITY);
    const outputs = new RunOutputs({
      scores_0: new Tensor("float32", logits, [children]),
      scores_1: new Tensor("float32", new Float32Array(0), [0]),
    });
    const request = { key: 0, prompt: Int32Array.of(1), tree: treeOf(trie, [ROOT]) };
    const rows = nodeRows(request, {
      architecture: { firstAncestor: 1 },
      tree: request.tree,
      levels: 2,
      cachedRow: () => undefined,
    });
    const [scores] = program.read([rows], outputs);
    expect(scores?.logProbs).toEqual(new Float64Array(children).fill(Number.NaN));
    const space = { trie, scoring: "renormalized", exclusion: NOTHING_EXCLUDED } as const;
    const search = new BeamSearch(space, { beamWidth: 2 });
    expect(() => search.learn(ROOT, scores?.logProbs ?? new Float64Array())).toThrow(
      expect.objectContaining({ code: "NOT_A_NUMBER" }),
    );
  });
});
