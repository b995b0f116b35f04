import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listFaults, putFault } from "../../src/faults/node-faults.js";
import { addRun } from "../../src/flow/add-run.js";
import { cancelRun, isCancelled } from "../../src/flow/cancelled.js";
import { openQueues } from "../../src/flow/queues.js";
import { runJobs } from "../../src/flow/run-jobs.js";
import { watchCancelled } from "../../src/flow/watch-cancelled.js";
import { JOBS } from "../../src/jobs/job-kinds.js";
import { redisPrefix } from "../../src/jobs/options.js";
import { parseJob } from "../../src/jobs/parse-job.js";
import { listNights, putNight, removeNight } from "../../src/night/schedules.js";
import { committed, startCluster, type TestCluster } from "../support/cluster.js";

const shards = [0, 1, 2];
const run = {
  runId: "night-1",
  location: "/out",
  shards: shards.map((index) => ({ index, rows: 1 })),
};

describe.skipIf(!redisIsHere())("clusters that share a Redis", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  it("keep runs, cancellations, faults and nights apart, even of the same name", async () => {
    const { redis } = cluster;
    const own = openQueues({ redis, prefix: redisPrefix("production") });
    const other = openQueues({ redis, prefix: redisPrefix("staging") });
    await addRun(own, run);
    await addRun(other, run);
    await putNight(other, { name: "gold", cron: "0 2 * * *", timeZone: "UTC" });
    await putFault(other, {
      kind: "node_failing",
      node: "drafter-1",
      subject: "drafter-1",
      message: "no space",
      since: "2026-11-03T00:00:00.000Z",
    });
    const watch = await watchCancelled({ redis: await cluster.connection(), prefix: own.prefix });
    const { signal } = watch.signal(run.runId);
    const worker = new Worker(
      JOBS.shard.queue,
      async ({ data }) => committed(parseJob("shard", data)),
      { connection: await cluster.connection(), prefix: own.prefix },
    );
    worker.on("error", () => undefined);
    const counts = async (queues: typeof own) =>
      (await runJobs(queues, { runId: run.runId, shards })).counts;
    await until("own shards are done", async () => (await counts(own)).completed === 3);
    expect(await counts(other)).toMatchObject({ completed: 0, waiting: 3 });
    await cancelRun(other, { runId: run.runId, shards, now: Date.now() });
    expect(await isCancelled(other, run.runId)).toBe(true);
    expect(await isCancelled(own, run.runId)).toBe(false);
    expect(await counts(own)).toMatchObject({ completed: 3 });
    expect(signal.aborted).toBe(false);
    expect(await listFaults(own)).toEqual([]);
    expect(await listNights(own)).toEqual([]);
    expect(await removeNight(own, "gold")).toBe(false);
    const keys = await redis.keys("*");
    expect(keys.filter((key) => !/^\{(nightbeam|production|staging)\}:/.test(key))).toEqual([]);
    await worker.close();
    await watch.close();
    await own.close();
    await other.close();
  });
});
