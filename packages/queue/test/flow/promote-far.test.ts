import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { DelayedError } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addRun } from "../../src/flow/add-run.js";
import { nextTry } from "../../src/flow/next-try.js";
import { promoteFar } from "../../src/flow/promote-far.js";
import { startCluster, type TestCluster } from "../support/cluster.js";

describe.skipIf(!redisIsHere())("shards that a node with a wrong clock has delayed", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  it("wait no longer than others", async () => {
    const { queues } = cluster;
    const shards = [0, 1].map((index) => ({ index, rows: 5 }));
    await addRun(queues, { runId: "r-1", location: "/out", shards });
    const delays = [60_000, 3_600_000];
    const worker = await cluster.worker({
      job: "shard",
      handler: async (job, token) => {
        await job.moveToDelayed(Date.now() + (delays.shift() ?? 0), token);
        throw new DelayedError();
      },
    });
    await until("both are delayed", async () => (await queues.shards.getDelayedCount()) === 2);
    await worker.close();
    expect((await nextTry(queues, "r-1")) ?? 0).toBeLessThan(Date.now() + 70_000);
    expect(await promoteFar(queues, { maxDelayMs: 300_000 })).toBe(1);
    expect(await queues.shards.getDelayedCount()).toBe(1);
    expect(await queues.shards.getPrioritizedCount()).toBe(1);
    expect(await promoteFar(queues, { maxDelayMs: 300_000 })).toBe(0);
  });
});
