import { Worker } from "node:worker_threads";
import type { ScoreAnswer, ScoreRequest } from "@nightbeam/decoding";
import { ModelError } from "../errors.js";
import type { Failure, FromWorker, ToWorker, WorkerSetup } from "./messages.js";

interface Waiting {
  readonly resolve: (answers: readonly ScoreAnswer[]) => void;
  readonly reject: (error: ModelError) => void;
}

/**
 * A worker thread with one loaded model.
 *
 * Its life: `open` (takes calls) -> `closing` (finishes the calls it has, takes no more) ->
 * `closed`; or from any of them to `failed`, when the thread dies. `#move` is the only transition.
 */
type State = "open" | "closing" | "closed" | "failed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  open: ["closing", "failed"],
  closing: ["closed", "failed"],
  closed: [],
  failed: ["closed"],
};

export class ModelWorker {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #state: State = "open";
  #nextId = 0;
  #exit: Promise<void>;

  private constructor(thread: Worker) {
    this.#thread = thread;
    this.#exit = new Promise((resolve) => {
      thread.once("exit", () => {
        this.#fail({ code: "CLOSED", message: "the model's thread ended" });
        resolve();
      });
    });
    thread.on("message", (message: FromWorker) => this.#receive(message));
    thread.on("error", (error) => this.#fail({ code: "RUNTIME", message: String(error) }));
  }

  /** Starts the thread and loads the model. @throws ModelError */
  static async open(setup: WorkerSetup): Promise<ModelWorker> {
    const thread = new Worker(new URL("./worker.js", import.meta.url), { workerData: setup });
    try {
      await started(thread);
    } catch (error) {
      await thread.terminate();
      throw error;
    }
    return new ModelWorker(thread);
  }

  /** Calls that are running or waiting. */
  get load(): number {
    return this.#waiting.size;
  }

  /** @throws ModelError CLOSED, RUNTIME, PROMPT_TOO_LONG */
  score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    if (this.#state !== "open") {
      return Promise.reject(new ModelError("CLOSED", `the model is ${this.#state}`));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ kind: "score", id, requests });
    });
  }

  release(keys: readonly number[]): void {
    if (this.#state === "open") this.#send({ kind: "release", keys });
  }

  /** Finishes the calls under way, frees the model and ends the thread. */
  async close(): Promise<void> {
    if (this.#state === "open") {
      this.#move("closing");
      this.#send({ kind: "close" });
    }
    await this.#exit;
  }

  #send(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "answers":
        this.#settle(message.id)?.resolve(message.answers);
        break;
      case "failed":
        if (message.id === undefined) this.#fail(message.failure);
        else {
          const { code, message: text } = message.failure;
          this.#settle(message.id)?.reject(new ModelError(code, text));
        }
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

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(failure: Failure): void {
    if (this.#state === "open" || this.#state === "closing") this.#move("failed");
    for (const id of [...this.#waiting.keys()]) {
      this.#settle(id)?.reject(new ModelError(failure.code, failure.message));
    }
  }

  #move(to: State): void {
    if (NEXT[this.#state].includes(to)) this.#state = to;
  }
}

/** Waits for the thread's first word. */
async function started(thread: Worker): Promise<void> {
  const died = (error: unknown) =>
    new ModelError("RUNTIME", `the model's thread died as it started: ${String(error)}`);
  const first = await new Promise<FromWorker>((resolve, reject) => {
    thread.once("error", (error) => reject(died(error)));
    thread.once("exit", (code) => reject(died(`exit code ${code}`)));
    thread.once("message", resolve);
  });
  if (first.kind === "failed") throw new ModelError(first.failure.code, first.failure.message);
}
