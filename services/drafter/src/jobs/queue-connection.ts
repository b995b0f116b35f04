import {
  type CancelledWatch,
  checkRedis,
  type FaultKeys,
  isRefusal,
  JOBS,
  openRedis,
  type RedisWatch,
  type ShardJobData,
  type ShardJobResult,
  watchCancelled,
  watchRedis,
  workerOptions,
} from "@nightbeam/queue";
import type { Clock, TlsBytes } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Recorder } from "@nightbeam/telemetry";
import { type Job, Worker } from "bullmq";
import type { Leases } from "./leases.js";
import { quietErrors } from "./quiet-errors.js";

export type ShardJob = Job<ShardJobData, ShardJobResult>;

export interface ConnectionOptions {
  readonly redisUrl: string;
  /** For Redis. */
  readonly tls?: TlsBytes | undefined;
  /** The prefix of all keys and channels. */
  readonly prefix: string;
  /** The name of the drafter, which BullMQ stores with the jobs that it takes. */
  readonly name: string;
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stallCheckMs?: number | undefined;
  /** How long a connection may be down while Redis is up before it is replaced. */
  readonly stuckMs: number;
  readonly leases: Leases;
  readonly metrics: Recorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly handle: (job: ShardJob, token: string, signal: AbortSignal) => Promise<ShardJobResult>;
  readonly onStuck: () => void;
  /** Called when Redis has answered a command with an error. */
  readonly onRefusal: (reason: string) => void;
}

/** A connection to Redis and the BullMQ worker on it. */
export interface QueueConnection {
  readonly cancelled: CancelledWatch;
  /** Whether the connection is ready. */
  readonly isConnected: boolean;
  /** The connection, and where the keys of the cluster are. */
  readonly keys: FaultKeys;
  /** Takes no jobs until `take`; those in progress go on. */
  hold(): void;
  take(): void;
  /** Takes no more jobs, waits for those in progress and disconnects. */
  finish(): Promise<void>;
  /** Disconnects at once. */
  drop(): Promise<void>;
}

/** Delay of a retry after Redis was lost. BullMQ's default of 15 s would be idle time. */
const RETRY_MS = 1_000;

/** A worker that reports what ends its loop as an error, also after it was resumed. */
class ShardWorker extends Worker<ShardJobData, ShardJobResult> {
  override async run(): Promise<void> {
    try {
      await super.run();
    } catch (error) {
      this.emit("error", error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** @throws QueueError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD */
export async function openConnection(options: ConnectionOptions): Promise<QueueConnection> {
  const { redisUrl, tls, prefix, lockMs, stallCheckMs, log, clock, leases, metrics } = options;
  const redis = await openRedis({ url: redisUrl, tls, role: "worker", log });
  let cancelled: CancelledWatch;
  try {
    for (const warning of (await checkRedis(redis, prefix)).warnings) log.warn({}, warning);
    cancelled = await watchCancelled({ redis, prefix, log });
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const times = stallCheckMs === undefined ? { lockMs } : { lockMs, stallCheckMs };
  const worker = new ShardWorker(
    JOBS.shard.queue,
    // All three parameters are needed: BullMQ makes a signal only for processors with three.
    (job, token, signal) =>
      options.handle(job, token ?? "", signal ?? new AbortController().signal),
    {
      ...workerOptions("shard", times),
      connection: redis,
      prefix,
      name: options.name,
      concurrency: options.concurrency,
      lockRenewTime: lockMs / 4,
      runRetryDelay: RETRY_MS,
    },
  );
  redis.on("error", () => metrics.add("nightbeam.redis.errors", 1, { kind: "connection" }));
  const isConnected = () => redis.status === "ready";
  worker.on("error", quietErrors({ log, clock, isConnected }));
  worker.on("error", (error) => {
    if (!isRefusal(error)) return;
    metrics.add("nightbeam.redis.errors", 1, { kind: "refused" });
    options.onRefusal(reasonOf(error));
  });
  worker.on("locksRenewed", ({ jobIds }) => {
    metrics.add("nightbeam.drafter.lock.renewals", jobIds.length);
    leases.renew(jobIds);
  });
  worker.on("lockRenewalFailed", (jobIds) => leases.lose(jobIds, "Redis refused to renew it"));
  worker.on("stalled", (jobId) => log.warn({ jobId }, "a shard has stalled: its worker is gone"));
  const watch: RedisWatch = watchRedis({
    redis,
    graceMs: options.stuckMs,
    onStuck: options.onStuck,
  });
  const release = async () => {
    watch.stop();
    await cancelled.close();
    redis.disconnect();
  };
  return {
    cancelled,
    get isConnected() {
      return isConnected();
    },
    keys: { redis, prefix },
    // BullMQ's `pause` waits for jobs in progress, unless it is told not to.
    hold: () => void worker.pause(true),
    take: () => void worker.resume(),
    finish: async () => {
      await worker.close();
      await release();
    },
    drop: async () => {
      const closed = worker.close(true);
      await release();
      await closed;
    },
  };
}
