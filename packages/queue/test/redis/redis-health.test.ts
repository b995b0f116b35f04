import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addRun } from "../../src/flow/add-run.js";
import { shardQueueFacts } from "../../src/flow/shard-queue-facts.js";
import { redisHealth } from "../../src/redis/redis-health.js";
import { startCluster, type TestCluster } from "../support/cluster.js";

describe.skipIf(!redisIsHere())("the health of Redis", () => {
  let cluster: TestCluster;
  let admin: Redis;
  beforeAll(async () => {
    cluster = await startCluster();
    admin = new Redis(cluster.server.url, { enableReadyCheck: false });
  });
  afterAll(async () => {
    admin.disconnect();
    await cluster.stop();
  });
  const health = () => redisHealth(cluster.queues, { timeoutMs: 1_000 });

  it("has Redis' time while it takes writes, and its words when it does not", async () => {
    expect(await health()).toMatchObject({ state: "ok", now: expect.any(Number) });
    await cluster.whileReadOnly(async () => {
      expect(await health()).toMatchObject({
        state: "refuses",
        words: expect.stringMatching(/^READONLY/),
      });
    });
    await admin.config("SET", "maxmemory", "1");
    expect(await health()).toMatchObject({
      state: "refuses",
      words: expect.stringMatching(/^OOM/),
    });
    await admin.config("SET", "maxmemory", "0");
    expect(await health()).toMatchObject({ state: "ok" });
    await admin.config("SET", "requirepass", "secret");
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(await health()).toMatchObject({
      state: "refuses",
      words: expect.stringMatching(/^NOAUTH/),
    });
    await admin.config("SET", "requirepass", "");
    await until("the queues are connected", () => cluster.redis.ping().then(Boolean, () => false));
  });

  it("reports the queue of shards: paused, limited, and who takes from it", async () => {
    await cluster.reset();
    const { queues } = cluster;
    const shards = [{ index: 0, rows: 5 }];
    await addRun(queues, { runId: "r-1", location: "/out", shards });
    const idle = { paused: false, maxActive: undefined, waiting: 1, active: 0, delayed: 0 };
    expect(await shardQueueFacts(queues)).toEqual({ ...idle, workers: 0 });
    await queues.shards.pause();
    await queues.shards.setGlobalConcurrency(3);
    await cluster.worker({ job: "shard", handler: async () => undefined });
    expect(await shardQueueFacts(queues)).toEqual({
      ...idle,
      paused: true,
      maxActive: 3,
      workers: 1,
    });
  });
});
