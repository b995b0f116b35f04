import { Worker } from "node:worker_threads";
import { ModelError } from "../errors.js";
import type { AnswerOf, ProgramName, RequestOf } from "../programs/program.js";
import type { Failure, FromWorker, ToWorker, WorkerSetup } from "./messages.js";
import type { PoolWorker } from "./model-pool.js";
import { type CacheUse, NO_CACHE } from "./runner.js";

interface WaitingCall<Name extends ProgramName> {
  readonly resolve: (answers: readonly AnswerOf<Name>[]) => void;
  readonly reject: (error: ModelError) => void;
}

/**
 * The states of a worker: `open` (takes calls) -> `closing` (finishes its calls, takes no new ones) ->
 * `closed`; or from the first two to `failed`, when the thread dies. `#move` is the only transition.
 */
type State = "open" | "closing" | "closed" | "failed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  open: ["closing", "failed"],
  closing: ["closed", "failed"],
  closed: [],
  failed: [],
};

/** A worker thread with one loaded model, which runs one program. */
export class ModelWorker<Name extends ProgramName>
  implements PoolWorker<RequestOf<Name>, AnswerOf<Name>>
{
  readonly #thread: Worker;
  readonly #waiting = new Map<number, WaitingCall<Name>>();
  readonly #exit: Promise<void>;
  #state: State = "open";
  #nextId = 0;
  #cacheUse = NO_CACHE;
  /** The error of new calls once the worker takes no more. */
  #refusal: Failure = { code: "CLOSED", message: "the model is closed" };

  private constructor(thread: Worker) {
    this.#thread = thread;
    this.#exit = new Promise((resolve) => {
      thread.once("exit", () => {
        this.#fail({ code: "RUNTIME", message: "the model's thread ended unexpectedly" });
        resolve();
      });
    });
    thread.on("message", (message: FromWorker<Name>) => this.#receive(message));
    thread.on("error", (error) => {
      this.#fail({ code: "RUNTIME", message: `the model's thread died: ${String(error)}` });
    });
  }

  /** Starts the thread and loads the model. @throws ModelError */
  static async open<Name extends ProgramName>(
    setup: WorkerSetup<Name>,
  ): Promise<ModelWorker<Name>> {
    const thread = new Worker(new URL("./worker.js", import.meta.url), { workerData: setup });
    try {
      await started(thread);
    } catch (error) {
      await thread.terminate();
      throw error;
    }
    return new ModelWorker<Name>(thread);
  }

  /** Calls that are running or waiting. */
  get load(): number {
    return this.#waiting.size;
  }

  /** How its memory of prompts was used, as of its last answer. */
  get cacheUse(): CacheUse {
    return this.#cacheUse;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** @throws ModelError CLOSED, RUNTIME, PROMPT_TOO_LONG */
  run(requests: readonly RequestOf<Name>[]): Promise<readonly AnswerOf<Name>[]> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) throw errorOf(this.#refusal);
      const id = this.#nextId++;
      // Sent first: a request that cannot be sent is not waited for.
      this.#send({ kind: "run", id, requests });
      this.#waiting.set(id, { resolve, reject });
    });
  }

  release(keys: readonly number[]): void {
    if (this.isOpen) this.#send({ kind: "release", keys });
  }

  /** Finishes the calls in progress, frees the model and ends the thread. */
  async close(): Promise<void> {
    if (this.isOpen) {
      this.#move("closing");
      this.#send({ kind: "close" });
    }
    await this.#exit;
  }

  #send(message: ToWorker<Name>): void {
    this.#thread.postMessage(message);
  }

  #receive(message: FromWorker<Name>): void {
    switch (message.kind) {
      case "answers":
        this.#cacheUse = message.cacheUse;
        this.#settle(message.id)?.resolve(message.answers);
        break;
      case "failed":
        if (message.id === undefined) this.#fail(message.failure);
        else this.#settle(message.id)?.reject(errorOf(message.failure));
        break;
      case "closed":
        this.#move("closed");
        break;
      case "ready":
        break;
      default:
        message satisfies never;
    }
  }

  #settle(id: number): WaitingCall<Name> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(failure: Failure): void {
    if (!this.#move("failed")) return;
    this.#refusal = failure;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(errorOf(failure));
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}

function errorOf({ code, message }: Failure): ModelError {
  return new ModelError(code, message);
}

/** Waits for the thread's first message. */
async function started(thread: Worker): Promise<void> {
  const died = (error: unknown) =>
    new ModelError("RUNTIME", `the model's thread died as it started: ${String(error)}`);
  const first = await new Promise<FromWorker<ProgramName>>((resolve, reject) => {
    thread.once("error", (error) => reject(died(error)));
    thread.once("exit", (code) => reject(died(`exit code ${code}`)));
    thread.once("message", resolve);
  });
  if (first.kind === "failed") throw errorOf(first.failure);
}
