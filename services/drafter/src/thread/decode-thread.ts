import { Worker } from "node:worker_threads";
import type { Distrust, VerifierDirectory } from "@nightbeam/protocol";
import { type Clock, within } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { Recorded } from "@nightbeam/telemetry";
import { DrafterError } from "../errors.js";
import type { WrittenShard } from "../run-store.js";
import type {
  Failure,
  FromThread,
  ShardOrder,
  ShardProgress,
  ThreadSetup,
  ToThread,
} from "./messages.js";

export interface DecodeThreadOptions {
  readonly setup: Omit<ThreadSetup, "verifiers">;
  /** The thread gets a copy of the list after every change. */
  readonly verifiers: VerifierDirectory;
  readonly log: Log;
  readonly clock: Clock;
  /** Called for every verifier that is not asked for a while, because of what it answered. */
  readonly onDistrust?: (distrust: Distrust) => void;
  /** Called with what the thread has counted and measured. */
  readonly onRecorded?: ((recorded: Recorded) => void) | undefined;
  /** The file of the thread. Default: worker.js of this package. */
  readonly file?: URL | undefined;
  /** How long a stopped shard may go on before the thread is terminated. */
  readonly patienceMs?: number;
}

/** How the shard's owner follows the work on it. */
export interface DecodeJob {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ShardProgress) => void;
  /** Called when the lists are computed and the store does not take them; the thread tries again. */
  readonly onWait: (reason: string) => void;
}

interface Task {
  readonly resolve: (written: WrittenShard) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: (progress: ShardProgress) => void;
  readonly onWait: (reason: string) => void;
  endPatience: () => void;
}

/**
 * States: `idle` (no thread) -> `running` with the first shard -> `idle` if the thread dies; the next shard starts
 * another one. `closed` at the end. `#move` is the only transition.
 */
type State = "idle" | "running" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  idle: ["running", "closed"],
  running: ["idle", "closed"],
  closed: [],
};

/** A call of a draft cannot be interrupted; the longest ones take seconds. */
const PATIENCE_MS = 15_000;

/** How long the thread may take to close its models; its shards have ended. */
const CLOSE_MS = 1_500;

/** The thread that does all heavy work, as the thread that renews locks sees it. */
export class DecodeThread {
  readonly #options: DecodeThreadOptions;
  readonly #tasks = new Map<number, Task>();
  #state: State = "idle";
  #thread: Worker | undefined;
  #endMirror: () => void = () => {};
  #nextId = 0;

  constructor(options: DecodeThreadOptions) {
    this.#options = options;
  }

  /** Shards in the thread, including those that were stopped and have not ended yet. */
  get load(): number {
    return this.#tasks.size;
  }

  /**
   * Decodes a shard and writes an attempt. If the signal is aborted, this rejects at once with its reason, and the
   * thread is asked to stop the shard.
   *
   * @throws ShardFailure; DrafterError THREAD_DIED, THREAD_LOST, CLOSED; the signal's reason
   */
  decode(order: ShardOrder, job: DecodeJob): Promise<WrittenShard> {
    return new Promise((resolve, reject) => {
      if (job.signal.aborted) throw job.signal.reason;
      if (this.#state === "closed") throw new DrafterError("CLOSED", "the drafter is closed");
      const id = this.#nextId++;
      const stop = () => {
        reject(job.signal.reason);
        this.#stop(id);
      };
      const settle = () => job.signal.removeEventListener("abort", stop);
      job.signal.addEventListener("abort", stop, { once: true });
      this.#tasks.set(id, {
        resolve: (written) => {
          settle();
          resolve(written);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        onProgress: (progress) => {
          if (!job.signal.aborted) job.onProgress(progress);
        },
        onWait: (reason) => {
          if (!job.signal.aborted) job.onWait(reason);
        },
        endPatience: () => {},
      });
      this.#running().postMessage({ kind: "decode", id, order } satisfies ToThread);
    });
  }

  /** Ends the thread; shards in progress fail. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (!this.#move("closed") || thread === undefined) return;
    this.#endMirror();
    const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
    thread.postMessage({ kind: "close" } satisfies ToThread);
    const { clock } = this.#options;
    if (await within(ended, { ms: CLOSE_MS, clock })) return;
    // A call of native code in progress cannot be terminated; the process ends without it.
    await within(thread.terminate(), { ms: CLOSE_MS, clock });
  }

  #running(): Worker {
    const running = this.#thread;
    if (running !== undefined) return running;
    const { setup, verifiers, file, log } = this.#options;
    const thread = new Worker(file ?? new URL("./worker.js", import.meta.url), {
      workerData: { ...setup, verifiers: verifiers.endpoints } satisfies ThreadSetup,
    });
    this.#thread = thread;
    this.#move("running");
    this.#endMirror = verifiers.onChange(() => {
      const { endpoints } = verifiers;
      thread.postMessage({ kind: "verifiers", endpoints } satisfies ToThread);
    });
    thread.on("message", (message: FromThread) => this.#receive(message));
    thread.on("error", (error) => this.#died(thread, `the decode thread died: ${String(error)}`));
    thread.on("exit", (code) => this.#died(thread, `the decode thread ended with code ${code}`));
    log.debug({}, "starting the decode thread");
    return thread;
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case "progress":
        this.#tasks.get(message.id)?.onProgress(message.progress);
        break;
      case "waiting":
        this.#tasks.get(message.id)?.onWait(message.reason);
        break;
      case "written":
        this.#end(message.id)?.resolve(message.written);
        break;
      case "failed":
        this.#end(message.id)?.reject(new ShardFailure(message.failure));
        break;
      case "log":
        this.#options.log[message.level](message.fields, message.message);
        break;
      case "recorded":
        this.#options.onRecorded?.(message.recorded);
        break;
      case "distrust":
        this.#options.onDistrust?.(message.distrust);
        break;
      case "closed":
        break;
      default:
        message satisfies never;
    }
  }

  #stop(id: number): void {
    const task = this.#tasks.get(id);
    const thread = this.#thread;
    if (task === undefined || thread === undefined) return;
    thread.postMessage({ kind: "abort", id } satisfies ToThread);
    const { clock, log, patienceMs = PATIENCE_MS } = this.#options;
    task.endPatience = clock.after(patienceMs, () => {
      log.warn({ patienceMs }, "the decode thread did not stop a shard in time; restarting it");
      void thread.terminate();
    });
  }

  #end(id: number): Task | undefined {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    task?.endPatience();
    return task;
  }

  #died(thread: Worker, what: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#endMirror();
    if (this.#move("idle")) {
      this.#options.log.error({ shards: this.#tasks.size, reason: what }, "the decode thread died");
    }
    const error = this.#deathOf(what);
    for (const id of [...this.#tasks.keys()]) this.#end(id)?.reject(error);
  }

  #deathOf(what: string): DrafterError {
    if (this.#state === "closed") return new DrafterError("CLOSED", "the drafter is closed");
    const shards = this.#tasks.size;
    if (shards <= 1) return new DrafterError("THREAD_DIED", `${what}, with this shard alone in it`);
    return new DrafterError("THREAD_LOST", `${what}, with ${shards} shards in it`);
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}

/** A failure of a shard in the decode thread, as the main thread sees it. */
export class ShardFailure extends Error {
  override readonly name = "ShardFailure";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}
