import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addRun, repairRun } from "../../src/flow/add-run.js";
import { pauseRun } from "../../src/flow/pause-run.js";
import { runJobs } from "../../src/flow/run-jobs.js";
import { finishJobId } from "../../src/jobs/job-ids.js";
import { parseJob } from "../../src/jobs/parse-job.js";
import type { RunPriority } from "../../src/jobs/priority.js";
import { committed, startCluster, type TestCluster } from "../support/cluster.js";

function run(runId: string, count: number, priority?: RunPriority) {
  const shards = Array.from({ length: count }, (_, index) => ({ index, rows: 1 }));
  return { runId, location: `/data/${runId}`, shards, priority };
}

function repair({ shards, ...options }: ReturnType<typeof run>) {
  return { ...options, missing: shards };
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.skipIf(!redisIsHere())("runs that wait for drafters", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  /** The shards in the order in which one drafter takes them. */
  async function taken(count: number): Promise<string[]> {
    const order: string[] = [];
    const worker = await cluster.worker({
      job: "shard",
      handler: async ({ data }) => {
        const shard = parseJob("shard", data);
        order.push(`${shard.runId}/${shard.index}`);
        return committed(shard);
      },
    });
    await until("all shards are taken", async () => order.length >= count);
    await worker.close();
    return order;
  }

  const shardsOf = (runId: string, count: number) => indexes(count).map((at) => `${runId}/${at}`);

  it("are done by priority, and in the order of their submission within one", async () => {
    const { queues } = cluster;
    await addRun(queues, run("low", 2, "low"));
    await addRun(queues, run("night", 4));
    await addRun(queues, run("urgent", 2, "urgent"));
    await addRun(queues, run("later", 2));
    expect(await taken(10)).toEqual([
      ...shardsOf("urgent", 2),
      ...shardsOf("night", 4),
      ...shardsOf("later", 2),
      ...shardsOf("low", 2),
    ]);
  });

  it("change their place when their priority changes, also those added without one", async () => {
    const { queues } = cluster;
    await addRun(queues, run("night", 3, "urgent"));
    await addRun(queues, run("small", 2));
    const job = await queues.shards.getJob("small-s00001");
    // As an earlier version added it, or a crash in the middle of a change left it.
    await job?.changePriority({ priority: 0 });
    expect(await repairRun(queues, repair(run("night", 3, "low")))).toMatchObject({ added: [] });
    await repairRun(queues, repair(run("small", 2, "urgent")));
    const { counts } = await runJobs(queues, { runId: "small", shards: [0, 1] });
    expect(counts.waiting).toBe(2);
    const order = await taken(5);
    expect(order.slice(0, 2).toSorted()).toEqual(shardsOf("small", 2));
    expect(order.slice(2)).toEqual(shardsOf("night", 3));
  });

  it("give no shard to drafters while they are paused; the active one ends, and all are done later", async () => {
    const { queues } = cluster;
    const runId = "night";
    await addRun(queues, run(runId, 3));
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let started = 0;
    const worker = await cluster.worker({
      job: "shard",
      handler: async ({ data }) => {
        started++;
        await held;
        return committed(parseJob("shard", data));
      },
    });
    await until("a shard is active", async () => started === 1);
    const shards = indexes(3);
    expect(await pauseRun(queues, { runId, shards })).toBe(2);
    expect(await pauseRun(queues, { runId, shards })).toBe(0);
    release();
    await until("the active shard has ended", async () => {
      return (await runJobs(queues, { runId, shards })).counts.completed === 1;
    });
    expect(started).toBe(1);
    const rest = { ...repair(run(runId, 3)), missing: run(runId, 3).shards.slice(1) };
    await repairRun(queues, rest);
    await until("the others are done", async () => started === 3);
    await until("the finish job is released", async () => {
      return (await queues.finishes.getJobState(finishJobId(runId))) === "waiting";
    });
    await worker.close();
  });
});
