import type { RunSignal, ShardJobResult } from "@nightbeam/queue";
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
import { within } from "./within.js";

/** A job that was taken. */
export interface TakenShard {
  readonly id: string;
  readonly data: unknown;
  /** Tries so far, this one included. */
  readonly attempt: number;
  /** Aborted with a `ShardStopped`. */
  readonly signal: AbortSignal;
  readonly lease: Pick<Lease, "isHeld">;
  /** Fires when the run is cancelled; asked for once the job's data are known to be sound. */
  cancelled(runId: string): RunSignal;
  stop(cause: StopCause): void;
  updateProgress(progress: object): Promise<void>;
}

export interface ShardQueueOptions
  extends Omit<ConnectionOptions, "leases" | "handle" | "onStuck"> {
  readonly work: (shard: TakenShard) => Promise<ShardJobResult>;
  /** How long a job that found no verifier waits. */
  readonly putOffMs: number;
}

/** After the grace, shards are stopped and handed back; what takes longer is left. */
const ABORT_MS = 5_000;
/** Where Redis is away nothing can be handed back. */
const AWAY_MS = 500;

/** `#move` is the only transition; `reconnecting` is the time without a connection that works. */
type State = "open" | "reconnecting" | "closing" | "closed";

const NEXT: Readonly<Record<State, readonly State[]>> = {
  open: ["reconnecting", "closing"],
  reconnecting: ["open", "closing"],
  closing: ["closed"],
  closed: [],
};

/**
 * The queue of shards as this drafter works on it: takes jobs, keeps their locks, and sees to it that
 * each ends as it must. Where the connection to Redis does not come back, it makes all of it anew.
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

  /** Connects and takes jobs. @throws JobsError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD */
  static async open(options: ShardQueueOptions): Promise<ShardQueue> {
    const queue = new ShardQueue(options);
    queue.#connection = await queue.#openConnection();
    queue.#tick();
    return queue;
  }

  /** Whether jobs can be taken at the moment. */
  get isConnected(): boolean {
    return this.#state === "open" && this.#connection?.isConnected === true;
  }

  /**
   * Takes no more jobs, waits for those under way up to `graceMs`, then stops them, hands them back
   * and disconnects. Never fails: what could not be handed back is found by the others.
   */
  async close(graceMs: number): Promise<void> {
    if (!this.#move("closing")) return;
    const { clock } = this.#options;
    const closed = this.#connection?.finish().catch(() => undefined);
    // BullMQ closes without waiting for its jobs where Redis is lost at the same moment.
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

  /** One job from start to end; what it throws tells BullMQ what becomes of the job. */
  async #handle(
    job: ShardJob,
    took: { token: string; signal: AbortSignal; connection: Promise<QueueConnection> },
  ): Promise<ShardJobResult> {
    const { token, signal } = took;
    const id = job.id ?? "";
    const controller = new AbortController();
    const stop = (cause: StopCause) => controller.abort(new ShardStopped(cause));
    const onAbort = () => stop({ kind: "lock-lost", detail: "the queue took the shard away" });
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

  /** The connection never became ready again: everything on it is made anew. */
  async #reconnect(): Promise<void> {
    if (!this.#move("reconnecting")) return;
    const { log, clock } = this.#options;
    log.warn({}, "the connection to Redis is stuck; it is made anew");
    this.#leases.loseAll("the connection to Redis was stuck");
    const old = this.#connection;
    this.#connection = undefined;
    old?.drop().catch((error: unknown) => log.debug({ reason: reasonOf(error) }, "not dropped"));
    while (this.#state === "reconnecting") {
      const connection = await this.#openConnection().catch((error: unknown) => {
        log.warn({ reason: reasonOf(error) }, "Redis cannot be used yet");
        return undefined;
      });
      if (connection !== undefined && this.#move("open")) {
        this.#connection = connection;
        log.info({}, "shards are taken again");
        return;
      }
      await connection?.drop();
      await new Promise<void>((resolve) => clock.after(1_000, resolve));
    }
  }

  /** Looks after locks that nothing was heard of, and after this thread's own punctuality. */
  #tick(): void {
    const { clock, lockMs, log } = this.#options;
    const everyMs = Math.max(20, lockMs / 20);
    const due = clock.now() + everyMs;
    this.#endTicks = clock.after(everyMs, () => {
      const lateMs = Math.round(clock.now() - due);
      if (lateMs > lockMs / 4) {
        log.warn({ lateMs, lockMs }, "the thread that renews locks was busy or stopped");
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
