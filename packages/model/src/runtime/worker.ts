import { parentPort, workerData } from "node:worker_threads";
import { decodePrepared } from "@nightbeam/catalogue";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { ModelError } from "../errors.js";
import { buildGraph } from "../graph/build.js";
import { childAnswers } from "./answers.js";
import { Engine } from "./engine.js";
import { levelAnswers } from "./level-answers.js";
import type { Failure, FromWorker, ToWorker, WorkerSetup } from "./messages.js";
import { openSession } from "./session.js";

/**
 * The thread that a model runs on. onnxruntime blocks the thread that calls it, for as long as a
 * call takes; here nothing else is waiting.
 */
async function openEngine(setup: WorkerSetup): Promise<Engine> {
  const { config, tensors } = await openCheckpoint(setup.directory);
  const { trie } = decodePrepared(setup.catalogue, { verify: false });
  const open = async (cached: boolean) =>
    openSession(buildGraph({ ...setup, config, tensors, levels: setup.codeTokens, cached }), setup);
  const full = await open(false);
  try {
    const cached = setup.cacheBytes > 0 ? await open(true) : undefined;
    const answers =
      config.levelHeads === undefined
        ? childAnswers({ ...setup, trie, vocabularySize: config.vocabularySize })
        : levelAnswers(setup.codeTokens.slice(0, -1).map(({ length }) => length));
    return new Engine({ ...setup, config, trie, answers, full, cached });
  } catch (error) {
    await full.release();
    throw error;
  }
}

function failure(error: unknown): Failure {
  return error instanceof ModelError
    ? { code: error.code, message: error.message }
    : { code: "RUNTIME", message: String(error) };
}

async function serve(port: NonNullable<typeof parentPort>, setup: WorkerSetup): Promise<void> {
  const send = (message: FromWorker, moved: ArrayBuffer[] = []) => port.postMessage(message, moved);
  let engine: Engine;
  try {
    engine = await openEngine(setup);
  } catch (error) {
    send({ kind: "failed", id: undefined, failure: failure(error) });
    return;
  }
  // One after the other: a call that begins while another awaits would share its cache half-made.
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void> | void) => {
    last = last.then(work);
  };
  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "score":
        inTurn(async () => {
          try {
            const answers = await engine.score(message.requests);
            const moved = answers.map(({ logProbs }) => logProbs.buffer);
            send({ kind: "answers", id: message.id, answers }, moved.filter(isMovable));
          } catch (error) {
            send({ kind: "failed", id: message.id, failure: failure(error) });
          }
        });
        break;
      case "release":
        inTurn(() => engine.release(message.keys));
        break;
      case "close":
        inTurn(async () => {
          await engine.close();
          send({ kind: "closed" });
          port.close();
        });
        break;
      default:
        message satisfies never;
    }
  });
  send({ kind: "ready" });
}

function isMovable(buffer: ArrayBufferLike): buffer is ArrayBuffer {
  return buffer instanceof ArrayBuffer;
}

if (parentPort !== null) await serve(parentPort, workerData);
