import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@nightbeam/testing";
import { freePort, type RedisServer, redisIsHere, startRedis } from "@nightbeam/testing/servers";
import { Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listFaults, putFault } from "../../src/faults/node-faults.js";
import { addRun } from "../../src/flow/add-run.js";
import { cancelRun } from "../../src/flow/cancelled.js";
import { openQueues } from "../../src/flow/queues.js";
import { runJobs } from "../../src/flow/run-jobs.js";
import { watchCancelled } from "../../src/flow/watch-cancelled.js";
import { JOBS } from "../../src/jobs/job-kinds.js";
import { checkRedis } from "../../src/redis/check-redis.js";
import { openRedis } from "../../src/redis/open-redis.js";

const PREFIX = "{nightbeam}";

describe.skipIf(!redisIsHere())("the access to Redis", () => {
  let server: RedisServer;
  const open: { disconnect(): void }[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => {
    for (const one of open.splice(0)) one.disconnect();
  });
  afterAll(() => server.stop());

  const connect = async (url = server.url, readyTimeoutMs = 5_000) => {
    const redis = await openRedis({ url, role: "worker", readyTimeoutMs });
    open.push(redis);
    return redis;
  };
  const connectAs = async (user: string, rules: readonly string[]) => {
    const admin = await connect();
    await admin.acl("SETUSER", user, "reset", "on", ">secret", ...rules);
    return connect(server.url.replace("redis://", `redis://${user}:secret@`));
  };
  const connections = async () => {
    const admin = await connect();
    return String(await admin.client("LIST"))
      .trim()
      .split("\n").length;
  };

  it("needs no more than the rules of the guide", async () => {
    const rules = [`~${PREFIX}*`, `&${PREFIX}*`, "+@all", "-@admin", "-@dangerous", "+info"];
    const redis = await connectAs("enough", rules);
    expect(await checkRedis(redis, PREFIX)).toEqual({ warnings: [] });
    const queues = openQueues({ redis, prefix: PREFIX });
    const watch = await watchCancelled({ redis, prefix: PREFIX });
    const run = { runId: "night-1", location: "/nowhere" };
    await addRun(queues, { ...run, shards: [{ index: 0, rows: 1 }] });
    const errors: Error[] = [];
    const worker = new Worker(JOBS.shard.queue, async (job) => job.data, {
      connection: redis,
      prefix: PREFIX,
    });
    worker.on("error", (error) => errors.push(error));
    await until("done", async () => {
      const { counts } = await runJobs(queues, { runId: run.runId, shards: [0] });
      return counts.completed === 1;
    });
    await putFault(queues, {
      ...{ kind: "node_failing", node: "a", subject: "a", message: "x" },
      since: new Date().toISOString(),
    });
    expect(await listFaults(queues)).toHaveLength(1);
    const { signal } = watch.signal("night-2");
    await cancelRun(queues, { runId: "night-2", shards: [0], now: Date.now() });
    await until("cancelled", () => signal.aborted);
    expect(errors).toEqual([]);
    await worker.close();
    await watch.close();
    await queues.close();
  });

  it.each<[what: string, rules: string[], reason: RegExp]>([
    ["channels", [`~${PREFIX}*`, "+@all"], /use the keys.*NOPERM.*&\{nightbeam\}\*/],
    ["keys", ["&*", "~other*", "+@all"], /use the keys.*NOPERM.*~\{nightbeam\}\*/],
    ["scripts", ["&*", "~*", "+@all", "-@scripting"], /NOPERM.*eval/],
    ["INFO", ["&*", "~*", "+@all", "-info"], /call INFO.*NOPERM/],
  ])("is refused in words to a user without %s", async (_, rules, reason) => {
    // Without INFO, the connection is not even ready.
    const checked = connectAs("plain", rules).then((redis) => checkRedis(redis, PREFIX));
    await expect(checked).rejects.toMatchObject({ message: expect.stringMatching(reason) });
  });

  it("leaves no connection if it may not subscribe", async () => {
    const redis = await connectAs("deaf", [`~${PREFIX}*`, "&other", "+@all"]);
    const before = await connections();
    await expect(watchCancelled({ redis, prefix: PREFIX })).rejects.toMatchObject({
      code: "REDIS_FORBIDDEN",
      message: expect.stringMatching(/subscribe to the channel \{nightbeam\}:cancel.*ACL SETUSER/),
    });
    // One more for the count itself.
    await until("gone", async () => (await connections()) <= before + 1);
  });

  it("is refused in words by a replica", async () => {
    const replica = await startRedis({ args: ["--replicaof", "127.0.0.1", String(server.port)] });
    try {
      await expect(checkRedis(await connect(replica.url), PREFIX)).rejects.toMatchObject({
        code: "REDIS_UNSAFE",
        message: expect.stringContaining(`replica of 127.0.0.1:${server.port}`),
      });
    } finally {
      await replica.stop();
    }
  });

  it("is refused in words by a Sentinel", async () => {
    const port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), "nightbeam-sentinel-"));
    const file = join(directory, "sentinel.conf");
    await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${directory}\n`);
    const sentinel = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
    try {
      const redis = await connect(`redis://127.0.0.1:${port}`);
      await expect(checkRedis(redis, PREFIX)).rejects.toMatchObject({
        code: "REDIS_UNSAFE",
        message: expect.stringMatching(/is a Redis Sentinel.*address of the primary/),
      });
    } finally {
      sentinel.kill("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    }
  });

  it("warns of a Redis Cluster", async () => {
    const cluster = await startRedis({ busPort: await freePort() });
    try {
      const { warnings } = await checkRedis(await connect(cluster.url), PREFIX);
      expect(warnings).toEqual([expect.stringContaining("node of a Redis Cluster")]);
    } finally {
      await cluster.stop();
    }
  });
});
