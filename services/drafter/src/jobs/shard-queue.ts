import type { FaultKeys, RunSignal, ShardJobResult } from "@nightbeam/queue";
import { within } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { ShardStopped, type StopCause } from "../shard/stop.js";
import { endJob } from "./end-job.js";
import { type Lease, Leases } from "./leases.js";
import {
  type ConnectionOptions,
  openConnection,
  type QueueConnection,
  type ShardJob,
} from "./queue-connection.js";

/** A job that was taken from the queue. */
export interface TakenShard {
  readonly id: string;
  readonly data: unknown;
  /** Attempts so far, including this one. */
  readonly attempt: number;
  /** Aborted with a `ShardStopped`. */
  readonly signal: AbortSignal;
  readonly lease: Pick<Lease, "isHeld">;
  /** Fires when the run is cancelled. Call it after the job's data were validated. */
  cancelled(runId: string): RunSignal;
  stop(cause: StopCause): void;
  updateProgress(progress: object): Promise<void>;
}

export interface ShardQueueOptions
  extends Omit<ConnectionOptions, "leases" | "handle" | "onStuck"> {
  readonly work: (shard: TakenShard) => Promise<ShardJobResult>;
  /** Delay of a job that found no verifier. */
  readonly putOffMs: number;
}

/** After the grace, shards are stopped and handed back for at most this long. */
const ABORT_MS = 5_000;
/** The same while Redis cannot be reached: then nothing can be handed back. */
const AWAY_MS = 500;

/** `#move` is the only transition; in `reconnecting` there is no working connection. */
type State = "open" | "reconnecting" | "closing" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  open: ["reconnecting", "closing"],
  reconnecting: ["open", "closing"],
  closing: ["closed"],
  closed: [],
};

/**
 * The shard queue of a drafter: takes jobs, keeps track of their locks and ends each job as its result
 * requires. If the connection to Redis does not recover, it is replaced.
 */
export class ShardQueue {
  readonly #options: ShardQueueOptions;
  readonly #leases: Leases;
  readonly #underWay = new Set<(cause: StopCause) => void>();
  #connection: QueueConnection | undefined;
  #state: State = "open";
  #endTicks: () => void = () => {};
  #onIdle: () => void = () => {};

  private constructor(options: ShardQueueOptions) {
    this.#options = options;
    this.#leases = new Leases(options);
  }

  /** Connects and starts to take jobs. @throws QueueError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD */
  static async open(options: ShardQueueOptions): Promise<ShardQueue> {
    const queue = new ShardQueue(options);
    queue.#connection = await queue.#openConnection();
    queue.#tick();
    return queue;
  }

  /** Whether jobs can be taken now. */
  get isConnected(): boolean {
    return this.#state === "open" && this.#connection?.isConnected === true;
  }

  /** Where the keys of the cluster are in Redis; undefined without a connection. */
  get keys(): FaultKeys | undefined {
    return this.isConnected ? this.#connection?.keys : undefined;
  }

  /**
   * Takes no more jobs, waits up to `graceMs` for those in progress, then stops them, hands them back and
   * disconnects. Never rejects: a job that could not be handed back is found by the stall check of others.
   */
  async close(graceMs: number): Promise<void> {
    if (!this.#move("closing")) return;
    const { clock } = this.#options;
    const closed = this.#connection?.finish().catch(() => undefined);
    // If Redis is lost at the same moment, BullMQ closes without waiting for its jobs.
    const finished = Promise.all([closed, this.#whenIdle()]);
    if (!(await within(finished, { ms: graceMs, clock }))) {
      for (const stop of [...this.#underWay]) stop({ kind: "shutdown" });
      const patienceMs = this.#connection?.isConnected === true ? ABORT_MS : AWAY_MS;
      if (!(await within(finished, { ms: patienceMs, clock }))) {
        const dropped = this.#connection?.drop().catch(() => undefined) ?? Promise.resolve();
        await within(dropped, { ms: AWAY_MS, clock });
      }
    }
    this.#endTicks();
    this.#move("closed");
  }

  #openConnection(): Promise<QueueConnection> {
    const connection: Promise<QueueConnection> = openConnection({
      ...this.#options,
      leases: this.#leases,
      handle: async (job, token, signal) => this.#handle(job, { token, signal, connection }),
      onStuck: () => void this.#reconnect(),
    });
    return connection;
  }

  /** Handles one job from start to end. What it throws decides what BullMQ does with the job. */
  async #handle(
    job: ShardJob,
    took: { token: string; signal: AbortSignal; connection: Promise<QueueConnection> },
  ): Promise<ShardJobResult> {
    const { token, signal } = took;
    const id = job.id ?? "";
    const controller = new AbortController();
    const stop = (cause: StopCause) => controller.abort(new ShardStopped(cause));
    const onAbort = () => stop({ kind: "lock-lost", detail: "the queue aborted the job" });
    signal.addEventListener("abort", onAbort, { once: true });
    const lease = this.#leases.take(id, (detail) => stop({ kind: "lock-lost", detail }));
    this.#underWay.add(stop);
    let cancelledSignal: RunSignal | undefined;
    try {
      if (this.#state === "closing") throw new ShardStopped({ kind: "shutdown" });
      const { cancelled } = await took.connection;
      return await this.#options.work({
        id,
        data: job.data,
        attempt: job.attemptsStarted,
        signal: controller.signal,
        lease,
        cancelled: (runId) => {
          cancelledSignal = cancelled.signal(runId);
          return cancelledSignal;
        },
        stop,
        updateProgress: (progress) => job.updateProgress(progress),
      });
    } catch (error) {
      throw await endJob({ ...this.#options, job, token, error });
    } finally {
      cancelledSignal?.release();
      this.#underWay.delete(stop);
      if (this.#underWay.size === 0) this.#onIdle();
      lease.release();
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #whenIdle(): Promise<void> {
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Replaces a connection that does not become ready again. */
  async #reconnect(): Promise<void> {
    if (!this.#move("reconnecting")) return;
    const { log, clock } = this.#options;
    log.warn({}, "the Redis connection is stuck; reconnecting");
    this.#leases.loseAll("the connection to Redis was stuck");
    const old = this.#connection;
    this.#connection = undefined;
    old
      ?.drop()
      .catch((error: unknown) =>
        log.debug({ reason: reasonOf(error) }, "could not drop the old connection"),
      );
    while (this.#state === "reconnecting") {
      const connection = await this.#openConnection().catch((error: unknown) => {
        log.warn({ reason: reasonOf(error) }, "could not reconnect to Redis; retrying");
        return undefined;
      });
      if (connection !== undefined && this.#move("open")) {
        this.#connection = connection;
        log.info({}, "reconnected to Redis; taking shards again");
        return;
      }
      await connection?.drop();
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
    }
  }

  /** Checks for locks without a renewal, and warns if this thread was blocked. */
  #tick(): void {
    const { clock, lockMs, log } = this.#options;
    const everyMs = Math.max(20, lockMs / 20);
    const due = clock.now() + everyMs;
    this.#endTicks = clock.after(everyMs, () => {
      const lateMs = Math.round(clock.now() - due);
      if (lateMs > lockMs / 4) {
        log.warn({ lateMs, lockMs }, "the thread that renews locks was blocked");
      }
      this.#leases.check();
      if (this.#state !== "closed") this.#tick();
    });
  }

  #move(to: State): boolean {
    const possible = NEXT[this.#state].includes(to);
    if (possible) this.#state = to;
    return possible;
  }
}
