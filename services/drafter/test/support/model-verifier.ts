import { tmpdir } from "node:os";
import { openCatalogue } from "@nightbeam/dataset";
import type { Scoring } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { type ReceivedCall, type ServedVerifier, serveVerifier } from "@nightbeam/protocol";
import type { World } from "@nightbeam/testing/world";

/** A verifier with the world's real target, whose calls the test can watch and hold. */
export interface ModelVerifier {
  readonly address: string;
  /** Of the target, as runs name it. */
  readonly hash: string;
  /** Calls that have arrived. */
  readonly calls: readonly ReceivedCall[];
  /** While true, calls arrive and are not answered. */
  hold: boolean;
  /** Changes what the model answers about a user, in place. */
  lie: ((logProbs: Float64Array) => void) | undefined;
  close(): Promise<void>;
}

export async function startModelVerifier(
  world: World,
  options: { scoring?: Scoring; port?: number } = {},
): Promise<ModelVerifier> {
  const { scoring = "full", port = 0 } = options;
  const catalogue = await openCatalogue(world.catalogue);
  const model = await openModel({
    directory: world.target,
    catalogue,
    scoring,
    precision: "fp32",
    cacheDirectory: tmpdir(),
    workers: 1,
    threads: 1,
    // Keys of different clients may be the same: nothing is kept under them.
    cacheBytes: 0,
  });
  const calls: ReceivedCall[] = [];
  const state: Pick<ModelVerifier, "hold" | "lie"> = { hold: false, lie: undefined };
  const server: ServedVerifier = await serveVerifier({
    handler: {
      verify: async (call) => {
        calls.push(call);
        while (state.hold && !call.signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        call.signal.throwIfAborted();
        const answers = await model.scorer.score(call.requests);
        for (const { logProbs } of answers) state.lie?.(logProbs);
        const load = { waitingTokens: 0, runningTokens: 0 };
        return { answers, queueMs: 1, batchWaitMs: 2, computeMs: 3, nodeMs: 1.5, ...load };
      },
      search: () => Promise.reject(new Error("only trees are scored here")),
      describe: () => ({
        precision: "fp32",
        version: "0",
        programs: [{ program: "tree-scores" }],
        waitingTokens: 0,
        runningTokens: 0,
      }),
    },
    trie: catalogue.trie,
    target: model.hash,
    catalogue: catalogue.hash,
    scoring,
    host: "127.0.0.1",
    port,
  });
  return {
    address: `127.0.0.1:${server.port}`,
    hash: model.hash,
    calls,
    get hold() {
      return state.hold;
    },
    set hold(on: boolean) {
      state.hold = on;
    },
    get lie() {
      return state.lie;
    },
    set lie(lie: ModelVerifier["lie"]) {
      state.lie = lie;
    },
    close: async () => {
      state.hold = false;
      await server.close();
      await model.close();
    },
  };
}
