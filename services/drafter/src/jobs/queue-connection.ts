import {
  type CancelledWatch,
  checkRedis,
  DEFAULT_PREFIX,
  JOBS,
  openRedis,
  type RedisWatch,
  type ShardJobData,
  type ShardJobResult,
  watchCancelled,
  watchRedis,
  workerOptions,
} from "@nightbeam/queue";
import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { type Job, Worker } from "bullmq";
import type { Leases } from "./leases.js";
import { quietErrors } from "./quiet-errors.js";

export type ShardJob = Job<ShardJobData, ShardJobResult>;

export interface ConnectionOptions {
  readonly redisUrl: string;
  readonly prefix?: string | undefined;
  /** The drafter's name, which BullMQ keeps with the jobs that it takes. */
  readonly name: string;
  readonly concurrency: number;
  readonly lockMs: number;
  readonly stallCheckMs?: number | undefined;
  /** How long a connection may be away, with Redis there, before all is made anew. */
  readonly stuckMs: number;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly log: Log;
  readonly handle: (job: ShardJob, token: string, signal: AbortSignal) => Promise<ShardJobResult>;
  readonly onStuck: () => void;
}

/** One connection to Redis and the worker on it. */
export interface QueueConnection {
  readonly cancelled: CancelledWatch;
  /** Whether Redis can be reached at the moment. */
  readonly isConnected: boolean;
  /** Takes no more jobs and waits for those under way. */
  finish(): Promise<void>;
  /** Lets go of everything at once. */
  drop(): Promise<void>;
}

/** A queue asks again so soon after Redis was lost; BullMQ's own 15 s would be idle time. */
const RETRY_MS = 1_000;

/** @throws JobsError REDIS_UNREACHABLE, REDIS_UNSAFE, REDIS_TOO_OLD */
export async function openConnection(options: ConnectionOptions): Promise<QueueConnection> {
  const { redisUrl, prefix = DEFAULT_PREFIX, lockMs, stallCheckMs, log, clock, leases } = options;
  const redis = await openRedis({ url: redisUrl, role: "worker", log });
  let cancelled: CancelledWatch;
  try {
    for (const warning of (await checkRedis(redis)).warnings) log.warn({}, warning);
    cancelled = await watchCancelled({ redis, prefix, log });
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const times = stallCheckMs === undefined ? { lockMs } : { lockMs, stallCheckMs };
  const worker = new Worker<ShardJobData, ShardJobResult>(
    JOBS.shard.queue,
    // Three parameters: BullMQ counts them to know whether to make a signal.
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
  const isConnected = () => redis.status === "ready";
  worker.on("error", quietErrors({ log, clock, isConnected }));
  worker.on("locksRenewed", ({ jobIds }) => leases.renew(jobIds));
  worker.on("lockRenewalFailed", (jobIds) => leases.lose(jobIds, "Redis refused to renew it"));
  worker.on("stalled", (jobId) => log.warn({ jobId }, "a shard was found without a worker"));
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
