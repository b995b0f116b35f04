import { openModel } from "@nightbeam/model";
import { useTempDir } from "@nightbeam/testing";
import {
  checkAnswers,
  checkBatches,
  checkKept,
  checkOutside,
  checkTrees,
  type OpenScorer,
  type ScorerSettings,
  ScorerWorld,
} from "@nightbeam/testing/conformance";
import { afterAll, beforeAll, describe } from "vitest";
import { VerifierClient } from "../src/client/verifier-client.js";
import type { VerifyHandler } from "../src/server/handler.js";
import { serveVerifier } from "../src/server/serve-verifier.js";
import { CATALOGUE, ListDirectory, TARGET } from "./support/cluster.js";

/** A real model in two verifiers, called through a client. */
async function overGrpc({ directory, catalogue, scoring }: ScorerSettings): Promise<OpenScorer> {
  const model = await openModel({
    directory,
    catalogue,
    scoring,
    workers: 1,
    threads: 1,
    cacheBytes: 2 ** 28,
    precision: "fp32",
    cacheDirectory: directory,
  });
  const handler: VerifyHandler = {
    verify: async ({ requests, released }) => {
      model.scorer.release(released);
      const answers = await model.scorer.score(requests);
      return {
        answers,
        queueMs: 0,
        batchWaitMs: 0,
        computeMs: 0,
        nodeMs: 0,
        waitingTokens: 0,
        runningTokens: 0,
      };
    },
    search: () => Promise.reject(new Error("only trees are scored here")),
    describe: () => ({
      precision: "fp32",
      version: "0",
      programs: [{ program: "tree-scores" }],
      waitingTokens: 0,
      runningTokens: 0,
    }),
  };
  const shared = { trie: catalogue.trie, target: TARGET, catalogue: CATALOGUE, scoring };
  const servers = await Promise.all(
    [1, 2].map(() => serveVerifier({ ...shared, handler, host: "127.0.0.1", port: 0 })),
  );
  const endpoints = servers.map(({ port }, at) => ({
    id: `v${at}`,
    address: `127.0.0.1:${port}`,
    draining: false,
  }));
  const client = new VerifierClient({
    ...shared,
    directory: new ListDirectory(endpoints),
    limits: { usersPerCall: 7 },
  });
  const deadline = Date.now() + 300_000;
  return {
    scorer: client.scorer({ signal: new AbortController().signal, deadline }),
    close: async () => {
      await client.close();
      await Promise.all(servers.map((server) => server.close()));
      await model.close();
    },
  };
}

describe.each(["full", "renormalized"] as const)("a model of verifiers, %s scoring", (scoring) => {
  const parent = useTempDir();
  let world: ScorerWorld;
  let scorer: OpenScorer;
  beforeAll(async () => {
    const shape = { levels: 4, codesPerLevel: 24, layers: 2, width: 96, heads: 4, headSize: 24 };
    world = await ScorerWorld.write({ parent: parent(), name: "model", shape });
    const { directory, catalogue } = world;
    scorer = await overGrpc({ directory, catalogue, scoring });
  });
  afterAll(() => scorer.close());
  const opened = () => ({ scorer: scorer.scorer, world });

  checkAnswers(scoring, opened);
  checkBatches(opened);
  checkTrees(opened, [6]);
  checkKept(opened);
  if (scoring === "full") checkOutside({ open: overGrpc, opened });
});
