import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { UnrecoverableError } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addRun, repairRun } from "../../src/flow/add-run.js";
import {
  cancelChannel,
  cancelledKey,
  cancelRun,
  isCancelled,
  restoreRun,
} from "../../src/flow/cancelled.js";
import { runJobs } from "../../src/flow/run-jobs.js";
import { watchCancelled } from "../../src/flow/watch-cancelled.js";
import { parseJob } from "../../src/jobs/parse-job.js";
import { committed, startCluster, type TestCluster } from "../support/cluster.js";

const run = {
  runId: "night-1",
  location: "/out",
  shards: [0, 1, 2].map((index) => ({ index, rows: 1 })),
};
const shards = [0, 1, 2];

describe.skipIf(!redisIsHere())("a cancelled run", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  it("loses its waiting jobs, and the workers of its active ones are notified", async () => {
    const { queues } = cluster;
    await addRun(queues, run);
    await addRun(queues, { ...run, runId: "other" });
    const watch = await watchCancelled({ redis: await cluster.connection() });
    let begun = 0;
    await cluster.worker({
      job: "shard",
      concurrency: 1,
      handler: async ({ data }) => {
        const shard = parseJob("shard", data);
        const { signal, release } = watch.signal(shard.runId);
        begun++;
        if (shard.runId === "other") return committed(shard);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        release();
        throw new UnrecoverableError("cancelled");
      },
    });
    await until("one is active", () => begun === 1);
    const cancelled = await cancelRun(queues, { runId: run.runId, shards, now: Date.now() });
    expect(cancelled.removed).toBe(2);
    expect(cancelled.active).toHaveLength(1);
    const other = () => runJobs(queues, { runId: "other", shards });
    await until("the other run is done", async () => (await other()).counts.completed === 3);
    const { finish, counts } = await runJobs(queues, { runId: run.runId, shards });
    expect(finish.state).toBe("missing");
    expect(counts).toMatchObject({ missing: 2, failed: 1 });
    await watch.close();
  });

  it("is not added again until it is restored", async () => {
    const { queues } = cluster;
    await addRun(queues, run);
    await cancelRun(queues, { runId: run.runId, shards, now: Date.now() });
    expect(await isCancelled(queues, run.runId)).toBe(true);
    const { runId, location } = run;
    const repaired = await repairRun(queues, { runId, location, missing: run.shards });
    expect(repaired.outcome).toBe("cancelled");
    expect((await addRun(queues, run)).outcome).toBe("cancelled");
    expect((await runJobs(queues, { runId, shards })).counts.missing).toBe(3);
    await restoreRun(queues, runId);
    expect(await addRun(queues, run)).toMatchObject({ outcome: "changed", added: shards });
  });

  it("is noticed without a message, and after Redis was unreachable", async () => {
    const { queues, redis, server } = cluster;
    const watch = await watchCancelled({ redis: await cluster.connection(), pollMs: 30 });
    const first = watch.signal("unannounced");
    await redis.zadd(cancelledKey(queues.prefix), 1, "unannounced");
    await until("the mark is seen", () => first.signal.aborted);
    const late = watch.signal("unannounced");
    expect(late.signal.aborted).toBe(true);
    const second = watch.signal("later");
    await server.kill();
    await server.restart();
    await until("Redis is back", () => redis.status === "ready");
    await cancelRun(queues, { runId: "later", shards: [], now: Date.now() });
    await until("the second is notified", () => second.signal.aborted);
    expect(watch.signal("third").signal.aborted).toBe(false);
    await watch.close();
  });

  it("is notified by message alone within moments", async () => {
    const { queues, redis } = cluster;
    const watch = await watchCancelled({ redis: await cluster.connection(), pollMs: 3_600_000 });
    const { signal } = watch.signal("night-1");
    await redis.publish(cancelChannel(queues.prefix), "night-1");
    await until("the message", () => signal.aborted, 1_000);
    await watch.close();
  });

  it("is forgotten after a week", async () => {
    const { queues, redis } = cluster;
    await redis.zadd(cancelledKey(queues.prefix), Date.now() - 8 * 24 * 3_600_000, "old");
    await cancelRun(queues, { runId: "new", shards: [], now: Date.now() });
    expect(await redis.zrange(cancelledKey(queues.prefix), "0", "-1")).toEqual(["new"]);
  });
});
