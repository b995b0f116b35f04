import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addRun, repairRun } from "../../src/flow/add-run.js";
import { MAX_SHARDS } from "../../src/flow/change-run.js";
import { runJobs } from "../../src/flow/run-jobs.js";
import { finishJobId, shardJobId } from "../../src/jobs/job-ids.js";
import { jobOptions } from "../../src/jobs/options.js";
import { parseJob } from "../../src/jobs/parse-job.js";
import { committed, startCluster, type TestCluster } from "../support/cluster.js";

const runId = "night-2026-11-03";
const location = "/data/out";
const NOT_STORED = { code: "NOT_STORED" };

function refs(count: number) {
  return Array.from({ length: count }, (_, index) => ({ index, rows: 10 + index }));
}

function run(count: number) {
  return { runId, location, shards: refs(count) };
}

describe.skipIf(!redisIsHere())("a run's jobs", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  function states(count: number) {
    return runJobs(cluster.queues, { runId, shards: refs(count).map(({ index }) => index) });
  }

  function finished() {
    return cluster.queues.finishes.getJobState(finishJobId(runId));
  }

  it("are all stored, with the settings of their kinds", async () => {
    const { queues } = cluster;
    const change = await addRun(queues, run(2_500));
    expect(change).toMatchObject({ outcome: "changed", finishAdded: true, poison: [] });
    expect(change.added).toHaveLength(2_500);
    const finish = await queues.finishes.getJob(finishJobId(runId));
    expect(await finish?.getDependenciesCount()).toMatchObject({ unprocessed: 2_500 });
    expect(parseJob("finish", finish?.data)).toEqual({ runId, location });
    const shard = await queues.shards.getJob(shardJobId(runId, 7));
    expect(parseJob("shard", shard?.data)).toEqual({ runId, location, index: 7, rows: 17 });
    expect(shard?.opts).toMatchObject({ ...jobOptions("shard"), ignoreDependencyOnFailure: true });
    expect((await states(10)).counts.waiting).toBe(10);
    const { finish: job, counts } = await states(2_500);
    expect(job.state).toBe("waiting-children");
    expect(counts).toEqual({
      waiting: 2_500,
      active: 0,
      delayed: 0,
      completed: 0,
      failed: 0,
      missing: 0,
    });
  });

  it("exist once, no matter how often and by how many processes they are added", async () => {
    const { queues } = cluster;
    await Promise.all(Array.from({ length: 20 }, () => addRun(queues, run(5))));
    expect(await addRun(queues, run(5))).toMatchObject({ outcome: "unchanged", added: [] });
    expect(await queues.shards.getPrioritizedCount()).toBe(5);
    let starts = 0;
    await cluster.worker({
      job: "shard",
      handler: async ({ data }) => {
        starts++;
        return committed(parseJob("shard", data));
      },
    });
    await until("the finish job is released", async () => (await finished()) === "waiting");
    expect(await addRun(queues, run(5))).toMatchObject({ outcome: "unchanged", added: [] });
    expect(starts).toBe(5);
    expect((await states(5)).counts.completed).toBe(5);
  });

  it("are refused beyond the limit, and for an invalid id", async () => {
    await expect(addRun(cluster.queues, run(MAX_SHARDS + 1))).rejects.toMatchObject({
      code: "BAD_JOB",
    });
    const bad = addRun(cluster.queues, { ...run(1), runId: "a:b" });
    await expect(bad).rejects.toMatchObject({ code: "BAD_JOB" });
  });

  it("are never silently lost in a read-only Redis", async () => {
    await cluster.whileReadOnly(async () => {
      await expect(addRun(cluster.queues, run(3))).rejects.toMatchObject(NOT_STORED);
    });
    expect((await states(3)).counts.missing).toBe(3);
  });

  it("are never silently lost in a full Redis", async () => {
    await cluster.redis.config("SET", "maxmemory", "1mb");
    await expect(addRun(cluster.queues, run(3))).rejects.toMatchObject(NOT_STORED);
    await cluster.redis.config("SET", "maxmemory", "0");
    expect(await addRun(cluster.queues, run(3))).toMatchObject({ outcome: "changed" });
  });

  it("are never silently left to another parent", async () => {
    const { queues } = cluster;
    const child = { name: "shard", queueName: queues.shards.name, prefix: queues.prefix, data: {} };
    await queues.flow.add({
      ...{ name: "other", queueName: queues.finishes.name, prefix: queues.prefix },
      opts: { jobId: "other" },
      children: [{ ...child, opts: { jobId: shardJobId(runId, 1) } }],
    });
    await expect(addRun(queues, run(3))).rejects.toMatchObject({
      ...NOT_STORED,
      message: expect.stringContaining("another parent"),
    });
  });

  it("end although one fails permanently, and report why", async () => {
    const { queues } = cluster;
    await addRun(queues, run(3));
    const worker = await cluster.worker({
      job: "shard",
      handler: async ({ data }) => {
        const shard = parseJob("shard", data);
        if (shard.index === 1) throw new Error("row 17 is unreadable");
        return committed(shard);
      },
    });
    // Not the wait between the tries, which would only take time.
    worker.on("failed", () => void queues.shards.promoteJobs());
    await until("the finish job is released", async () => {
      await queues.shards.promoteJobs();
      return (await finished()) === "waiting";
    });
    const { shards, counts } = await states(3);
    expect(counts).toMatchObject({ completed: 2, failed: 1 });
    expect(shards[1]).toEqual({
      index: 1,
      state: "failed",
      reason: "row 17 is unreadable",
      starts: 4,
    });
    // Adding and repairing leave the poison, and do not hold up the finish job.
    const missing = [{ index: 1, rows: 11 }];
    const repaired = await repairRun(queues, { runId, location, missing });
    expect(repaired).toMatchObject({ outcome: "unchanged", poison: [1], finishAdded: false });
    const retried = await repairRun(queues, { runId, location, missing, retryFailed: true });
    expect(retried).toMatchObject({ outcome: "changed", added: [1], finishAdded: true });
    expect((await states(3)).finish.state).toBe("waiting-children");
  });

  it("are recreated after Redis lost everything, but only for uncommitted shards", async () => {
    const { queues } = cluster;
    await addRun(queues, run(6));
    await cluster.redis.flushall();
    expect((await states(6)).counts.missing).toBe(6);
    const missing = refs(6).filter(({ index }) => index % 2 === 0);
    expect(await repairRun(queues, { runId, location, missing })).toMatchObject({
      outcome: "changed",
      added: [0, 2, 4],
      finishAdded: true,
    });
    expect((await states(6)).counts).toMatchObject({ waiting: 3, missing: 3 });
    expect(await repairRun(queues, { runId, location, missing })).toMatchObject({
      outcome: "unchanged",
    });
    const handler = async ({ data }: { data: unknown }) => committed(parseJob("shard", data));
    await cluster.worker({ job: "shard", handler });
    await until("the finish job is released", async () => (await finished()) === "waiting");
  });

  it("survive a loss of everything in the middle of the work", async () => {
    const { queues } = cluster;
    const done = new Set<number>();
    let wiped = false;
    const handler = async ({ data }: { data: unknown }) => {
      const shard = parseJob("shard", data);
      done.add(shard.index);
      if (done.size === 20 && !wiped) {
        wiped = true;
        await cluster.redis.flushall();
      }
      return committed(shard);
    };
    let manifest = false;
    await addRun(queues, run(40));
    await cluster.worker({ job: "shard", handler, concurrency: 3, lockMs: 1_000 });
    await cluster.worker({
      job: "finish",
      handler: async () => {
        manifest = done.size === 40;
        return { shards: 40, missing: 40 - done.size };
      },
    });
    await until("all shards and the manifest", async () => {
      const missing = refs(40).filter(({ index }) => !done.has(index));
      if (!manifest) await repairRun(queues, { runId, location, missing });
      return manifest;
    });
    expect(wiped).toBe(true);
  });

  it("get a new job if the old one completed without a commit, or is in no list", async () => {
    const { queues, redis } = cluster;
    await addRun(queues, run(3));
    const handler = async ({ data }: { data: unknown }) => committed(parseJob("shard", data));
    const worker = await cluster.worker({ job: "shard", handler });
    await until("the finish job is released", async () => (await finished()) === "waiting");
    await worker.close();
    await redis.zrem(queues.shards.toKey("completed"), shardJobId(runId, 2));
    expect((await states(3)).counts).toMatchObject({ completed: 2, missing: 1 });
    const repaired = await repairRun(queues, { runId, location, missing: refs(3).slice(1) });
    expect(repaired).toMatchObject({ added: [1, 2], finishAdded: true });
    const { shards, finish } = await states(3);
    expect(shards.map(({ state }) => state)).toEqual(["completed", "waiting", "waiting"]);
    expect(finish.state).toBe("waiting-children");
  });

  it("are left alone while a worker holds them", async () => {
    const { queues } = cluster;
    await addRun(queues, run(2));
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handler = async ({ data }: { data: unknown }) => {
      await released;
      return committed(parseJob("shard", data));
    };
    await cluster.worker({ job: "shard", handler });
    await until("one is active", async () => (await states(2)).counts.active === 1);
    // The finish job is lost alone; the running shard has to count for the new one.
    await queues.finishes.remove(finishJobId(runId), { removeChildren: false });
    const repaired = await repairRun(queues, { runId, location, missing: refs(2) });
    expect(repaired).toMatchObject({ added: [], finishAdded: true });
    expect((await states(2)).counts).toMatchObject({ active: 1, waiting: 1 });
    release();
    await until("the finish job is released", async () => (await finished()) === "waiting");
  });

  it("are taken again after their worker has died", async () => {
    const { queues } = cluster;
    await addRun(queues, run(1));
    const times = { lockMs: 400, stallCheckMs: 100 };
    const dead = await cluster.worker({
      job: "shard",
      handler: () => new Promise(() => undefined),
      ...times,
    });
    await until("it is active", async () => (await states(1)).counts.active === 1);
    await dead.close(true);
    const starts: number[] = [];
    await cluster.worker({
      job: "shard",
      handler: async ({ data, attemptsStarted }) => {
        starts.push(attemptsStarted);
        return committed(parseJob("shard", data));
      },
      ...times,
    });
    await until("it is done", async () => (await states(1)).counts.completed === 1);
    // A later attempt always has a higher number, which distinguishes it from one that returns.
    expect(starts).toEqual([2]);
  });

  it("continue with the same workers after Redis was killed and restarted", async () => {
    const { queues, server } = cluster;
    const handler = async ({ data }: { data: unknown }) => committed(parseJob("shard", data));
    await cluster.worker({ job: "shard", handler });
    await addRun(queues, { ...run(2), runId: "before" });
    await server.kill();
    await expect(addRun(queues, run(2))).rejects.toMatchObject({ code: "REDIS_UNREACHABLE" });
    await expect(states(1)).rejects.toMatchObject({ code: "REDIS_UNREACHABLE" });
    await server.restart();
    await until("Redis is back", () => cluster.redis.status === "ready");
    expect(await addRun(queues, run(2))).toMatchObject({ outcome: "changed" });
    await until("all is done", async () => (await states(2)).counts.completed === 2);
    const before = await runJobs(queues, { runId: "before", shards: [0, 1] });
    expect(before.counts.completed).toBe(2);
  });
});
