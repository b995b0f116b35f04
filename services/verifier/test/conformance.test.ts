import { staticVerifiers } from "@nightbeam/control";
import type { Scorer, Scoring } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { serveVerifier, VerifierClient } from "@nightbeam/protocol";
import { systemClock } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { noTracing } from "@nightbeam/telemetry";
import { useTempDir } from "@nightbeam/testing";
import {
  checkAnswers,
  checkBatches,
  checkKept,
  checkTrees,
  ScorerWorld,
  SHAPES,
} from "@nightbeam/testing/conformance";
import { afterAll, beforeAll, describe } from "vitest";
import { smallestCall } from "../src/cost/made-up-calls.js";
import { AllLanes } from "../src/lanes/all-lanes.js";
import { Lanes } from "../src/lanes/lanes.js";
import { Tally } from "../src/server/tally.js";
import { verifyHandler } from "../src/server/verify-handler.js";
import { job } from "./support/verifiers.js";

/** Client, network, lanes and model as one scorer. */
async function remote(
  world: ScorerWorld,
  scoring: Scoring,
): Promise<{ scorer: Scorer; close(): Promise<void> }> {
  const { catalogue, directory } = world;
  const model = await openModel({
    directory,
    catalogue,
    scoring,
    precision: "fp32",
    cacheDirectory: directory,
    workers: 2,
    threads: 1,
    cacheBytes: 2 ** 26,
  });
  const lanes = new Lanes({
    workers: model.workers,
    limits: {
      // Few rows: most calls are cut and merged.
      tokenBudget: 128,
      maxWaitMs: 1,
      maxAgeMs: 100,
      maxWaitingTokens: 100_000,
      maxCalls: 1_000,
      idleMs: 60_000,
      maxKeys: 1_000,
    },
    clock: systemClock,
    costLine: () => ({ callMs: 1, tokenMs: 0.1 }),
    onPass: () => undefined,
    probe: smallestCall({ model, catalogue }),
    keepsPrompts: true,
    onLost: () => undefined,
  });
  const describeIt = () => ({
    precision: "fp32",
    version: "0.0.0",
    programs: [{ program: "tree-scores" as const }],
    waitingTokens: lanes.waitingTokens,
    runningTokens: lanes.runningTokens,
  });
  const names = {
    trie: catalogue.trie,
    target: model.hash,
    catalogue: catalogue.hash,
    scoring,
  };
  const server = await serveVerifier({
    ...names,
    handler: verifyHandler({
      lanes: new AllLanes({ trees: lanes }),
      passesAtOnce: 1,
      clock: systemClock,
      tally: new Tally(),
      tracing: noTracing,
      log: silentLog,
      describe: describeIt,
    }),
    host: "127.0.0.1",
    port: 0,
    limits: { promptTokens: model.maxPromptTokens, vocabulary: model.vocabularySize },
  });
  const directoryOf = staticVerifiers([`127.0.0.1:${server.port}`]);
  const client = new VerifierClient({ ...names, directory: directoryOf });
  return {
    scorer: client.scorer(job()),
    close: async () => {
      await client.close();
      await server.close();
      await model.close();
    },
  };
}

const CASES = [
  ["five levels, grouped heads", "full"],
  ["four levels, two large heads", "renormalized"],
] as const;

describe.each(CASES)("a verifier as a scorer: %s, %s scoring", (name, scoring) => {
  const parent = useTempDir();
  let world: ScorerWorld;
  let opened: { scorer: Scorer; close(): Promise<void> };
  beforeAll(async () => {
    world = await ScorerWorld.write({ parent: parent(), name: "model", shape: SHAPES[name] ?? {} });
    opened = await remote(world, scoring);
  });
  afterAll(() => opened.close());
  const given = () => ({ scorer: opened.scorer, world });

  checkAnswers(scoring, given);
  checkBatches(given);
  checkTrees(given, [1, 41]);
  checkKept(given);
});
