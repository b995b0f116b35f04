import { FlowProducer, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type {
  FinishJobData,
  FinishJobResult,
  NightJobData,
  NightJobResult,
  ShardJobData,
  ShardJobResult,
} from "../jobs/jobs.js";
import { JOBS } from "../jobs/jobs.js";
import { DEFAULT_PREFIX } from "../jobs/options.js";
import type { ConnectionLog } from "../redis/log.js";

export interface OpenQueuesOptions {
  /** A producer's connection; stays the caller's to close. */
  readonly redis: Redis;
  /** The namespace; all processes of a cluster must use the same. */
  readonly prefix?: string;
  readonly log?: ConnectionLog;
}

/** The queues of all kinds of jobs on one connection. */
export interface JobQueues {
  readonly redis: Redis;
  readonly prefix: string;
  readonly shards: Queue<ShardJobData, ShardJobResult, "shard">;
  readonly finishes: Queue<FinishJobData, FinishJobResult, "finish">;
  readonly nights: Queue<NightJobData, NightJobResult>;
  readonly flow: FlowProducer;
  /** Lets go of the connection, which stays open. */
  close(): Promise<void>;
}

export function openQueues(options: OpenQueuesOptions): JobQueues {
  const { redis, prefix = DEFAULT_PREFIX, log } = options;
  const shared = { connection: redis, prefix };
  const shards = new Queue<ShardJobData, ShardJobResult, "shard">(JOBS.shard.queue, shared);
  const finishes = new Queue<FinishJobData, FinishJobResult, "finish">(JOBS.finish.queue, shared);
  const nights = new Queue<NightJobData, NightJobResult>(JOBS.night.queue, shared);
  const flow = new FlowProducer(shared);
  const all = [shards, finishes, nights, flow];
  // Without a listener an error on the shared connection would end the process.
  const report = (error: Error) => log?.warn({ reason: error.message }, "A queue's error");
  shards.on("error", report);
  finishes.on("error", report);
  nights.on("error", report);
  flow.on("error", report);
  const close = async () => {
    await Promise.all(all.map((one) => one.close()));
  };
  return { redis, prefix, shards, finishes, nights, flow, close };
}
