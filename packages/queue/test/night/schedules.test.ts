import { until } from "@nightbeam/testing";
import { redisIsHere } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { JOBS } from "../../src/jobs/job-kinds.js";
import { listNights, putNight, removeNight } from "../../src/night/schedules.js";
import { startCluster, type TestCluster } from "../support/cluster.js";

describe.skipIf(!redisIsHere())("nightly schedules", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  const nightly = { name: "shop", cron: "30 2 * * *", timeZone: "Europe/Berlin" };

  it("are put, changed, listed and removed", async () => {
    const { queues } = cluster;
    const put = await putNight(queues, nightly);
    expect(put).toMatchObject(nightly);
    expect(put.nextAt).toBeGreaterThan(Date.now());
    await putNight(queues, { name: "books", cron: "0 4 * * *", timeZone: "UTC" });
    await putNight(queues, { ...nightly, cron: "0 3 * * *" });
    const listed = await listNights(queues);
    expect(new Map(listed.map(({ name, cron }) => [name, cron]))).toEqual(
      new Map([
        ["shop", "0 3 * * *"],
        ["books", "0 4 * * *"],
      ]),
    );
    expect(await removeNight(queues, "shop")).toBe(true);
    expect(await removeNight(queues, "shop")).toBe(false);
    expect((await listNights(queues)).map(({ name }) => name)).toEqual(["books"]);
    expect(await queues.nights.getDelayedCount()).toBe(1);
  });

  it("refuse a bad name, time or zone before anything is sent to Redis", async () => {
    const { queues } = cluster;
    const bad = [
      { ...nightly, name: "a:b" },
      { ...nightly, cron: "never" },
      { ...nightly, timeZone: "Nowhere" },
    ];
    for (const one of bad) {
      await expect(putNight(queues, one)).rejects.toMatchObject({ code: "BAD_JOB" });
    }
    expect(await listNights(queues)).toEqual([]);
  });

  it("have one job, no matter how often and by how many processes they are put", async () => {
    const { queues } = cluster;
    await Promise.all(Array.from({ length: 50 }, () => putNight(queues, nightly)));
    const jobs = await queues.nights.getDelayed();
    expect(jobs.map(({ data }) => data)).toEqual([{ schedule: "shop" }]);
    expect(await listNights(queues)).toHaveLength(1);
  });

  it("report that nothing was stored if Redis is read-only", async () => {
    await cluster.whileReadOnly(async () => {
      const putting = putNight(cluster.queues, nightly);
      await expect(putting).rejects.toMatchObject({ code: "NOT_STORED" });
    });
    expect(await listNights(cluster.queues)).toEqual([]);
  });

  it("fire repeatedly, with the name of the schedule as their only data", async () => {
    const fired: unknown[] = [];
    await cluster.worker({ job: "night", handler: async ({ data }) => fired.push(data) });
    await putNight(cluster.queues, { name: "often", cron: "* * * * * *", timeZone: "UTC" });
    await until("two nights", () => fired.length >= 2);
    expect(new Set(fired.map((data) => JSON.stringify(data)))).toEqual(
      new Set(['{"schedule":"often"}']),
    );
  });

  it("fail after a few starts if their handler kills the worker every time", async () => {
    const { queues, redis } = cluster;
    await putNight(queues, nightly);
    const [job] = await queues.nights.getDelayed();
    let starts = 0;
    await cluster.worker({
      job: "night",
      lockMs: 60,
      stallCheckMs: 30,
      concurrency: 20,
      // As good as dead: the lock is lost, and the handler never returns.
      handler: async ({ id }) => {
        starts++;
        await redis.del(`${queues.nights.toKey(id ?? "")}:lock`);
        await new Promise(() => undefined);
      },
    });
    await job?.promote();
    const failed = () => queues.nights.getFailedCount();
    await until("it is given up", async () => (await failed()) === 1);
    expect(starts).toBe(JOBS.night.starts);
  });
});
