import type { FaultKeys, RunSignal, ShardJobResult } from "@nightbeam/queue";
import { within } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { DrafterError } from "../errors.js";
import { ShardStopped, type StopCause } from "../shard/stop.js";
import { offeredShard } from "../standing/offered-shard.js";
import type { OfferedShard, ShardPolicy } from "../standing/shard-policy.js";
import type { Verdict } from "../standing/verdict.js";
import { endJob, messageOf } from "./end-job.js";
import { fateOf } from "./fate.js";
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
  extends Omit<ConnectionOptions, "leases" | "handle" | "onStuck" | "onRefusal"> {
  /** Decides which jobs are taken, and what becomes of those that fail. */
  readonly policy: ShardPolicy;
  readonly work: (shard: TakenShard) => Promise<ShardJobResult>;
  /** Delay of a job that did not fail and was not done. */
  readonly putOffMs: number;
}

/** How a job was taken. */
interface TookJob {
  readonly token: string;
  readonly signal: AbortSignal;
  readonly connection: Promise<QueueConnection>;
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
  #isHeld = false;
  #endTicks: () => void = () => {};
  #endHold: () => void = () => {};
  #onIdle: () => void = () => {};

  private constructor(options: ShardQueueOptions) {
    this.#options = options;
    this.#leases = new Leases(options);
  }

  /** Connects and starts to take jobs. @throws QueueError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD */
  static async open(options: ShardQueueOptions): Promise<ShardQueue> {
    const queue = new ShardQueue(options);
    queue.#connection = await queue.#openConnection();
    queue.takeOrHold();
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

  /** Takes jobs, or holds for as long as the policy says. To be called after what it depends on has changed. */
  takeOrHold(): void {
    const connection = this.#connection;
    const { policy, clock } = this.#options;
    this.#endHold();
    if (this.#state !== "open" || connection === undefined) return;
    const { holdMs } = policy;
    if (holdMs === 0) {
      if (this.#isHeld) connection.take();
      this.#isHeld = false;
      return;
    }
    if (!this.#isHeld) connection.hold();
    this.#isHeld = true;
    if (holdMs < Number.POSITIVE_INFINITY) {
      this.#endHold = clock.after(Math.max(1, holdMs), () => this.takeOrHold());
    }
  }

  /**
   * Takes no more jobs, waits up to `graceMs` for those in progress, then stops them, hands them back and
   * disconnects. Never rejects: a job that could not be handed back is found by the stall check of others.
   */
  async close(graceMs: number): Promise<void> {
    if (!this.#move("closing")) return;
    this.#endHold();
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
      onRefusal: (reason) => {
        this.#options.policy.redisRefused(reason);
        this.takeOrHold();
      },
    });
    return connection;
  }

  /** Handles one job from start to end. What it throws decides what BullMQ does with the job. */
  async #handle(job: ShardJob, took: TookJob): Promise<ShardJobResult> {
    const { policy } = this.#options;
    const offered = offeredShard(job.data);
    if (offered !== undefined && !policy.admit(offered)) {
      this.takeOrHold();
      const error = new DrafterError("REFUSED", "this drafter takes no shards of the run for now");
      throw await this.#end(job, { ...took, error, offered: undefined });
    }
    try {
      const result = await this.#work(job, took);
      if (offered !== undefined) policy.succeeded(offered);
      return result;
    } catch (error) {
      throw await this.#end(job, { ...took, error, offered });
    } finally {
      this.takeOrHold();
    }
  }

  async #work(job: ShardJob, took: TookJob): Promise<ShardJobResult> {
    const { signal } = took;
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
    } finally {
      cancelledSignal?.release();
      this.#underWay.delete(stop);
      if (this.#underWay.size === 0) this.#onIdle();
      lease.release();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Ends the job of a shard that was not done. @returns the error to throw to BullMQ */
  #end(
    job: ShardJob,
    { token, error, offered }: TookJob & { error: unknown; offered: OfferedShard | undefined },
  ): Promise<Error> {
    const { policy, putOffMs, clock, log } = this.#options;
    const fate = fateOf(error);
    let verdict: Verdict | undefined;
    if (offered !== undefined) {
      if (fate.kind === "failed") {
        verdict = policy.failed(offered, { blame: fate.blame, reason: messageOf(error) });
      } else policy.undone(offered);
    }
    return endJob({ job, token, error, fate, verdict, putOffMs, clock, log });
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
        this.#isHeld = false;
        this.takeOrHold();
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
