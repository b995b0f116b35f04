import { type ModelOptions, openModel } from "@nightbeam/model";
import { useTempDir } from "@nightbeam/testing";
import {
  describeScorer,
  describeScorerByLevels,
  type ScorerOpener,
  ScorerWorld,
  scoreAlone,
  scoreTogether,
} from "@nightbeam/testing/conformance";
import { describe, expect, it } from "vitest";

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
