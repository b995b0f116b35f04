import { until } from "@nightbeam/testing";
import { freePort, type RedisServer, redisIsHere, startRedis } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkRedis } from "../../src/redis/check-redis.js";
import { openRedis } from "../../src/redis/open-redis.js";
import { watchRedis } from "../../src/redis/watch-redis.js";

describe.skipIf(!redisIsHere())("a connection to Redis", () => {
  let server: RedisServer;
  const open: { disconnect(): void }[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.disconnect();
  });
  afterAll(() => server.stop());

  async function connect(role: "producer" | "worker") {
    const redis = await openRedis({ url: server.url, role, commandTimeoutMs: 300 });
    open.push(redis);
    return redis;
  }

  it("is safe with an append-only file and without eviction", async () => {
    expect(await checkRedis(await connect("producer"), "{nightbeam}")).toEqual({ warnings: [] });
  });

  it("is refused if it evicts keys, even without CONFIG", async () => {
    const redis = await connect("producer");
    await redis.config("SET", "maxmemory-policy", "allkeys-lru");
    await redis.acl("SETUSER", "plain", "on", ">secret", "~*", "+@all", "-config");
    await redis.auth("plain", "secret");
    await expect(redis.config("GET", "maxmemory-policy")).rejects.toThrow("NOPERM");
    await expect(checkRedis(redis, "{nightbeam}")).rejects.toMatchObject({
      code: "REDIS_UNSAFE",
      message: expect.stringContaining("noeviction"),
    });
    const admin = await connect("producer");
    await admin.config("SET", "maxmemory-policy", "noeviction");
  });

  it("warns without an append-only file, and says that only time is at stake", async () => {
    const redis = await connect("producer");
    await redis.config("SET", "appendonly", "no");
    const { warnings } = await checkRedis(redis, "{nightbeam}");
    await redis.config("SET", "appendonly", "yes");
    expect(warnings).toEqual([expect.stringContaining("only time is lost")]);
  });

  it("fails if nothing listens, and the message does not contain the password", async () => {
    const url = `redis://user:secret@127.0.0.1:${await freePort()}`;
    const opening = openRedis({ url, role: "producer", readyTimeoutMs: 200 });
    await expect(opening).rejects.toMatchObject({ code: "REDIS_UNREACHABLE" });
    await expect(opening).rejects.not.toThrow("secret");
    const bad = openRedis({ url: "localhost:6379", role: "producer" });
    await expect(bad).rejects.toMatchObject({ code: "REDIS_UNREACHABLE" });
  });

  it("fails a producer's command at once while Redis is away, and a worker's waits", async () => {
    const producer = await connect("producer");
    const worker = await connect("worker");
    await server.kill();
    await until("both noticed", () => producer.status !== "ready" && worker.status !== "ready");
    await expect(producer.ping()).rejects.toThrow();
    await expect(checkRedis(producer, "{nightbeam}")).rejects.toMatchObject({
      code: "REDIS_UNREACHABLE",
    });
    const answer = worker.ping();
    await server.restart();
    expect(await answer).toBe("PONG");
    await until("the producer is back", () => producer.status === "ready");
  });

  it("does not block a producer forever when Redis freezes", async () => {
    const producer = await connect("producer");
    server.pause();
    try {
      await expect(producer.ping()).rejects.toThrow();
    } finally {
      server.resume();
    }
  });

  it("is reported only if it stays down although Redis answers others", async () => {
    const healthy = await connect("worker");
    const stuck = await connect("worker");
    const reports: string[] = [];
    const watches = [
      watchRedis({ redis: healthy, graceMs: 40, onStuck: () => reports.push("healthy") }),
      watchRedis({ redis: stuck, graceMs: 40, onStuck: () => reports.push("stuck") }),
    ];
    stuck.disconnect();
    await until("the report", () => reports.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const watch of watches) watch.stop();
    expect(reports).toEqual(["stuck"]);
  });
});
