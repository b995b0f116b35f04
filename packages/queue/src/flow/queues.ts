import { FlowProducer, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type {
  FinishJobData,
  FinishJobResult,
  NightJobData,
  NightJobResult,
  ShardJobData,
  ShardJobResult,
} from "../jobs/job-kinds.js";
import { JOBS } from "../jobs/job-kinds.js";
import { DEFAULT_PREFIX } from "../jobs/options.js";
import type { ConnectionLog } from "../redis/open-redis.js";

export interface OpenQueuesOptions {
  /** A producer's connection. The caller closes it. */
  readonly redis: Redis;
  /** The prefix of all keys; the same for all processes of a cluster. Default: `DEFAULT_PREFIX`. */
  readonly prefix?: string;
  readonly log?: ConnectionLog;
}

/** The queues of all kinds of jobs, on one connection. */
export interface JobQueues {
  readonly redis: Redis;
  readonly prefix: string;
  readonly shards: Queue<ShardJobData, ShardJobResult, "shard">;
  readonly finishes: Queue<FinishJobData, FinishJobResult, "finish">;
  readonly nights: Queue<NightJobData, NightJobResult>;
  readonly flow: FlowProducer;
  /** Closes the queues; the connection stays open. */
  close(): Promise<void>;
}

/** Opens all queues. */
export function openQueues(options: OpenQueuesOptions): JobQueues {
  const { redis, prefix = DEFAULT_PREFIX, log } = options;
  const shared = { connection: redis, prefix };
  const shards = new Queue<ShardJobData, ShardJobResult, "shard">(JOBS.shard.queue, shared);
  const finishes = new Queue<FinishJobData, FinishJobResult, "finish">(JOBS.finish.queue, shared);
  const nights = new Queue<NightJobData, NightJobResult>(JOBS.night.queue, shared);
  const flow = new FlowProducer(shared);
  const all = [shards, finishes, nights, flow];
  // Without a listener, an error on the shared connection would end the process.
  const report = (error: Error) => log?.warn({ reason: error.message }, "queue error");
  shards.on("error", report);
  finishes.on("error", report);
  nights.on("error", report);
  flow.on("error", report);
  const close = async () => {
    await Promise.all(all.map((one) => one.close()));
  };
  return { redis, prefix, shards, finishes, nights, flow, close };
}
