import type { FaultKeys, ShardJobResult } from "@nightbeam/queue";
import { within } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import type { ShardPolicy } from "../standing/shard-policy.js";
import { JobHandler, type TakenShard } from "./job-handler.js";
import { Leases } from "./leases.js";
import {
  type ConnectionOptions,
  openConnection,
  type QueueConnection,
} from "./queue-connection.js";

export interface ShardQueueOptions
  extends Omit<ConnectionOptions, "leases" | "handle" | "onStuck" | "onRefusal"> {
  /** Decides which jobs are taken, and what becomes of those that fail. */
  readonly policy: ShardPolicy;
  readonly work: (shard: TakenShard) => Promise<ShardJobResult>;
  /** Delay of a job that did not fail and was not done. */
  readonly putOffMs: number;
}

/** After the grace, shards are stopped and handed back for at most this long. */
const ABORT_MS = 3_000;
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
  readonly #handler: JobHandler;
  #connection: QueueConnection | undefined;
  #state: State = "open";
  #isHeld = false;
  #endTicks: () => void = () => {};
  #endHold: () => void = () => {};

  private constructor(options: ShardQueueOptions) {
    this.#options = options;
    this.#leases = new Leases(options);
    this.#handler = new JobHandler({
      ...options,
      leases: this.#leases,
      onChange: () => this.takeOrHold(),
    });
  }

  /** Connects and starts to take jobs. @throws QueueError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD */
  static async open(options: ShardQueueOptions): Promise<ShardQueue> {
    const queue = new ShardQueue(options);
    queue.#connection = await queue.#openConnection();
    queue.takeOrHold();
    queue.#tick();
    return queue;
  }

  /** Shards in progress. */
  get shardsInProgress(): number {
    return this.#handler.underWay;
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
    const closed = this.#connection?.finish().catch(() => undefined) ?? Promise.resolve();
    const patience = () => ({
      ms: this.#connection?.isConnected === true ? ABORT_MS : AWAY_MS,
      clock,
    });
    if (!(await within(this.#handler.idle(), { ms: graceMs, clock }))) {
      this.#handler.stopAll();
      await within(this.#handler.idle(), patience());
    }
    // If Redis is away, BullMQ waits for it although no job is in progress.
    if (!(await within(closed, patience()))) {
      const dropped = this.#connection?.drop().catch(() => undefined) ?? Promise.resolve();
      await within(dropped, { ms: AWAY_MS, clock });
    }
    this.#endTicks();
    this.#move("closed");
  }

  #openConnection(): Promise<QueueConnection> {
    const connection: Promise<QueueConnection> = openConnection({
      ...this.#options,
      leases: this.#leases,
      handle: async (job, token, signal) =>
        this.#handler.handle(job, { token, signal, connection }),
      onStuck: () => void this.#reconnect(),
      onRefusal: (reason) => {
        this.#options.policy.redisRefused(reason);
        this.takeOrHold();
      },
    });
    return connection;
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
