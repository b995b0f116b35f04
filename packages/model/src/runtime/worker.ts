import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { decodePrepared } from "@nightbeam/catalogue";
import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { isQuantized } from "../checkpoint/convert.js";
import { ModelError } from "../errors.js";
import { buildTreeGraph } from "../programs/build-graph.js";
import type { Program, ProgramName, RequestOf, ResultOf } from "../programs/program.js";
import { openProgram } from "../programs/programs.js";
import { exactByteWeights } from "./exact-byte-weights.js";
import type { Failure, FromWorker, ToWorker, WorkerSetup } from "./messages.js";
import { ModelRunner } from "./model-runner.js";
import { openSession } from "./session.js";

/*
 * The thread that a program runs on. onnxruntime blocks the thread that calls it for as long as a run
 * takes; nothing else waits for this one.
 */

interface Opened<Name extends ProgramName> {
  readonly program: Program<RequestOf<Name>, ResultOf<Name>>;
  readonly runner: ModelRunner<RequestOf<Name>, ResultOf<Name>>;
}

async function openRunner<Name extends ProgramName>(
  setup: WorkerSetup<Name>,
): Promise<Opened<Name>> {
  const { config, tensors } = await openCheckpoint(setup.directory);
  const { architecture } = config;
  const { trie } = decodePrepared(setup.catalogue, { verify: false });
  const program = openProgram(setup.program, { ...setup, architecture, trie });
  const levels = setup.codeTokens.length;
  const byteWeights = isQuantized({ tensors }) ? await exactByteWeights(setup) : "int8";
  const parts = { architecture, tensors, byteWeights, program, levels };
  const open = async (cached: boolean) =>
    openSession(buildTreeGraph({ ...setup, ...parts, cached }), setup);
  const full = await open(false);
  try {
    const cached = setup.cacheBytes > 0 ? await open(true) : undefined;
    return {
      program,
      runner: new ModelRunner({ ...setup, architecture, trie, program, full, cached }),
    };
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

async function serve<Name extends ProgramName>(
  port: MessagePort,
  setup: WorkerSetup<Name>,
): Promise<void> {
  const send = (message: FromWorker<Name>, moved: ArrayBuffer[] = []) =>
    port.postMessage(message, moved);
  let opened: Opened<Name>;
  try {
    opened = await openRunner(setup);
  } catch (error) {
    send({ kind: "failed", id: undefined, failure: failure(error) });
    return;
  }
  const { program, runner } = opened;
  // One after the other: a call that starts while another one awaits would find an incomplete cache.
  let last = Promise.resolve();
  const inTurn = (work: () => Promise<void> | void) => {
    last = last.then(work);
  };
  port.on("message", (message: ToWorker<Name>) => {
    switch (message.kind) {
      case "run":
        inTurn(async () => {
          try {
            const answers = await runner.run(message.requests);
            const moved = answers.flatMap((answer) => program.buffersOf(answer));
            send({ kind: "answers", id: message.id, answers }, moved.filter(isMovable));
          } catch (error) {
            send({ kind: "failed", id: message.id, failure: failure(error) });
          }
        });
        break;
      case "release":
        inTurn(() => runner.release(message.keys));
        break;
      case "close":
        inTurn(async () => {
          await runner.close();
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
