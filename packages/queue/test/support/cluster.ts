import { until } from "@nightbeam/testing";
import { type RedisServer, startRedis } from "@nightbeam/testing/servers";
import { type Processor, Worker } from "bullmq";
import { Redis } from "ioredis";
import { type JobQueues, openQueues } from "../../src/flow/queues.js";
import type { ShardJobData, ShardJobResult } from "../../src/jobs/job-kinds.js";
import { JOBS } from "../../src/jobs/job-kinds.js";
import { type WorkerTimes, workerOptions } from "../../src/jobs/options.js";
import { openRedis } from "../../src/redis/open-redis.js";

/** A Redis with queues and workers, all of which `stop` ends. */
export interface TestCluster {
  readonly server: RedisServer;
  readonly redis: Redis;
  readonly queues: JobQueues;
  worker(options: TestWorkerOptions): Promise<Worker>;
  connection(): Promise<Redis>;
  /** Runs `work` while Redis is a read-only replica, as after a failover. */
  whileReadOnly(work: () => Promise<void>): Promise<void>;
  /** Empties Redis and closes the workers, for the next test. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestWorkerOptions extends WorkerTimes {
  readonly job: "shard" | "finish" | "night";
  readonly handler: Processor;
  readonly concurrency?: number;
}

export async function startCluster(): Promise<TestCluster> {
  const server = await startRedis();
  const redis = await openRedis({ url: server.url, role: "producer" });
  const queues = openQueues({ redis });
  const workers: Worker[] = [];
  const connections: Redis[] = [];
  const connection = async () => {
    const opened = await openRedis({ url: server.url, role: "worker" });
    connections.push(opened);
    return opened;
  };
  const end = async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close(true)));
    for (const one of connections.splice(0)) one.disconnect();
  };
  const worker = async ({ job, handler, concurrency = 1, ...times }: TestWorkerOptions) => {
    const opened = new Worker(JOBS[job].queue, handler, {
      connection: await connection(),
      prefix: queues.prefix,
      concurrency,
      ...workerOptions(job, times),
    });
    opened.on("error", () => undefined);
    workers.push(opened);
    await opened.waitUntilReady();
    return opened;
  };
  const reset = async () => {
    await end();
    await redis.flushall();
  };
  const whileReadOnly = async (work: () => Promise<void>) => {
    // A separate connection: the producer's leaves a read-only Redis to look for the primary.
    const admin = new Redis(server.url, { enableReadyCheck: false });
    try {
      await admin.replicaof("127.0.0.1", 1);
      await work();
    } finally {
      await admin.replicaof("NO", "ONE");
      admin.disconnect();
      await until("Redis takes writes again", () =>
        redis.set("probe", 1).then(Boolean, () => false),
      );
    }
  };
  const stop = async () => {
    await end();
    await queues.close();
    redis.disconnect();
    await server.stop();
  };
  return { server, redis, queues, worker, connection, whileReadOnly, reset, stop };
}

/** The result of a shard's job. */
export function committed({ index, rows }: ShardJobData): ShardJobResult {
  return { index, rows, created: true, sha256: "0".repeat(64) };
}
