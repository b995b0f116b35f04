import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { ModelError } from "../errors.js";
import type { AnswerOf, ProgramName, RequestOf } from "../programs/program.js";
import type { Failure, FromWorker, ToWorker, WorkerSetup } from "./messages.js";
import { openRunner } from "./open-runner.js";
import type { Runner } from "./runner.js";

/*
 * The thread that a program runs on. onnxruntime blocks the thread that calls it for as long as a run
 * takes; nothing else waits for this one.
 */

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
  let runner: Runner<RequestOf<Name>, AnswerOf<Name>>;
  try {
    runner = await openRunner(setup);
  } catch (error) {
    send({ kind: "failed", id: undefined, failure: failure(error) });
    return;
  }
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
            const moved = answers.flatMap((answer) => runner.buffersOf(answer));
            const { cacheUse } = runner;
            send({ kind: "answers", id: message.id, answers, cacheUse }, moved.filter(isMovable));
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
