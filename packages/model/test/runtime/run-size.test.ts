import { useTempDir } from "@nightbeam/testing";
import { ScorerWorld } from "@nightbeam/testing/conformance";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { CPU } from "../../src/devices/device.js";
import { buildTreeGraph } from "../../src/programs/build-graph.js";
import { treeScores } from "../../src/programs/tree-scores.js";
import { promptsOf } from "../../src/prompt/open-prompts.js";
import { ModelRunner } from "../../src/runtime/model-runner.js";
import { openSession } from "../../src/runtime/session.js";

/** 682 nodes are as many as one run scores over this vocabulary. */
const WIDE = { levels: 3, codesPerLevel: 8192, layers: 1, width: 16, heads: 2 };

describe("a call about more nodes than one run scores", () => {
  const temporary = useTempDir();

  it("is split, and its answers have the bits that they have alone", async () => {
    const world = await ScorerWorld.write({ parent: temporary(), name: "wide", shape: WIDE });
    const { trie } = world.catalogue;
    const inner = trie.levelStart[trie.levels] ?? 0;
    const everything = Array.from({ length: inner }, (_, prefix) => prefix);
    const requests = Array.from({ length: Math.ceil(1000 / inner) }, () =>
      world.request(world.prompt(3), everything),
    );
    const { runner, runs } = await openCounted(world);
    const together = await runner.run(requests);
    expect(runs()).toBe(2);
    for (const [at, request] of requests.slice(0, 3).entries()) {
      const [alone] = await runner.run([request]);
      expect(alone?.logProbs).toEqual(together[at]?.logProbs);
    }
    const [last] = await runner.run(requests.slice(-1));
    expect(last?.logProbs).toEqual(together.at(-1)?.logProbs);
    await runner.close();
  });
});

/** The model on this thread, and how often its graph ran. */
async function openCounted({ directory, catalogue }: ScorerWorld) {
  const checkpoint = await openCheckpoint(directory);
  const { config, tensors, promptSpec: spec } = checkpoint;
  const { architecture } = config;
  const { trie } = catalogue;
  const prompts = await promptsOf({ config, spec }, { directory, catalogue });
  const setup = {
    ...prompts,
    architecture,
    trie,
    scoring: "full",
    cacheBytes: 0,
    onDevice: false,
  } as const;
  const program = treeScores(setup);
  const graphOf = { tensors, byteWeights: "int8", levels: trie.levels, numbers: "float" } as const;
  const graph = buildTreeGraph({ ...setup, ...graphOf, program, cached: false });
  const session = await openSession(graph, { directory, threads: 1, device: CPU });
  let count = 0;
  const full: typeof session = {
    ...session,
    run: (run, fetches) => {
      count++;
      return session.run(run, fetches);
    },
  };
  const runner = new ModelRunner({ ...setup, program, full, cached: undefined });
  return { runner, runs: () => count };
}
