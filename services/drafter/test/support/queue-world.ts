import {
  addRun,
  type JobQueues,
  openQueues,
  openRedis,
  runJobs,
  shardJobId,
} from "@nightbeam/queue";
import { type RedisServer, startRedis } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll } from "vitest";

/** A Redis for the test file, with queues to add runs to. */
export interface QueueWorld {
  readonly server: RedisServer;
  /** Created for each test, as Redis may have been killed. */
  readonly queues: JobQueues;
  add(run: { runId: string; shards: number; rows?: number; location?: string }): Promise<void>;
  /** The states of a run's shards. */
  states(runId: string, shards: number): Promise<string[]>;
  reasons(runId: string, shards: number): Promise<(string | undefined)[]>;
  /** Deletes a shard's lock, as if it had expired. */
  deleteLock(runId: string, index: number): Promise<void>;
}

export function useQueues(): () => QueueWorld {
  let server: RedisServer | undefined;
  let queues: JobQueues | undefined;
  let redis: Awaited<ReturnType<typeof openRedis>> | undefined;
  const connect = async (url: string) => {
    redis = await openRedis({ url, role: "worker" });
    queues = openQueues({ redis });
  };
  beforeAll(async () => {
    server = await startRedis();
    await connect(server.url);
  });
  afterEach(async () => {
    await redis?.flushall();
  });
  afterAll(async () => {
    await queues?.close();
    redis?.disconnect();
    await server?.stop();
  });
  return () => {
    if (server === undefined || queues === undefined) throw new Error("Redis is not started");
    const all = queues;
    const jobs = (runId: string, shards: number) =>
      runJobs(all, { runId, shards: numbers(shards) });
    return {
      server,
      queues: all,
      add: async ({ runId, shards, rows = 10, location = "/nowhere" }) => {
        const refs = numbers(shards).map((index) => ({ index, rows }));
        await addRun(all, { runId, location, shards: refs });
      },
      states: async (runId, shards) => (await jobs(runId, shards)).shards.map(({ state }) => state),
      reasons: async (runId, shards) =>
        (await jobs(runId, shards)).shards.map(({ reason }) => reason),
      deleteLock: async (runId, index) => {
        await all.redis.del(`${all.shards.toKey(shardJobId(runId, index))}:lock`);
      },
    };
  };
}

export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
