import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addRun } from "../../src/flow/add-run.js";
import { movingShards, shardJobDetails } from "../../src/flow/moving-shards.js";
import { startCluster, type TestCluster } from "../support/cluster.js";

describe.skipIf(!redisIsHere())("the shards of a run that do not just wait", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  it("are active, delayed or failed, without those of other runs, and have details", async () => {
    const { queues } = cluster;
    const shards = [0, 1, 2, 3].map((index) => ({ index, rows: 5 }));
    await addRun(queues, { runId: "r-1", location: "/out", shards });
    await addRun(queues, { runId: "r-10", location: "/other", shards: shards.slice(0, 1) });
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const handle = async (job: Job, token?: string) => {
      const { index } = job.data;
      await job.log(`shard ${index}`);
      if (index === 0) throw new UnrecoverableError("it cannot be read");
      if (index === 1) {
        await job.moveToDelayed(Date.now() + 60_000, token);
        throw new DelayedError();
      }
      await job.updateProgress({ users: 3 });
      await held;
    };
    await cluster.worker({ job: "shard", handler: handle });
    await until("the third is active", async () => {
      const { active } = await movingShards(queues, "r-1");
      return active.includes(2);
    });
    expect(await movingShards(queues, "r-1")).toEqual({ active: [2], delayed: [1], failed: [0] });
    expect(await movingShards(queues, "r-10")).toEqual({ active: [], delayed: [], failed: [] });
    const details = (index: number) => shardJobDetails(queues, { runId: "r-1", index });
    expect(await details(0)).toMatchObject({
      state: "failed",
      starts: 1,
      reason: "it cannot be read",
      logs: ["shard 0"],
    });
    expect(await details(2)).toMatchObject({ state: "active", progress: { users: 3 } });
    expect(await details(3)).toMatchObject({ starts: 0, reason: undefined, logs: [] });
    expect(await details(4)).toBeUndefined();
    finish();
  });
});
