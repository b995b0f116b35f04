import type { Alarm } from "@nightbeam/api";
import { until } from "@nightbeam/testing";
import { type Api, startDrafter, startPlace, type TestPlace } from "@nightbeam/testing/scheduler";
import { redisIsHere } from "@nightbeam/testing/servers";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScheduler } from "../../src/start-scheduler.js";

describe.skipIf(!redisIsHere())("a run that stands still", () => {
  let place: TestPlace;
  let api: Api;
  let admin: Redis;
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    const times = { stalledAfterMs: 300, graceMs: 200, retryPauseMs: () => 50 };
    api = await place.scheduler({}, times);
    admin = new Redis(place.redis.url, { enableReadyCheck: false });
  });
  afterAll(async () => {
    admin.disconnect();
    await place.stop();
  });
  const alarms = async (): Promise<readonly Alarm[]> => {
    const { alarms } = JSON.parse(JSON.stringify((await api.ask("GET", "/v1/alarms")).body));
    return alarms;
  };
  const saysWhy = (runId: string, why: RegExp) =>
    until(`the alarm says ${why}`, async () => {
      const { reason = "" } = await api.run(runId);
      const raised = (await alarms()).filter((one) => one.kind === "run_stalled");
      return why.test(reason) && raised.length === 1 && why.test(raised[0]?.message ?? "");
    });

  const isComplete = async (runId: string) => (await api.run(runId)).state === "complete";

  it("says why, whatever it is, until it moves again", async () => {
    const due = new Date(Date.now() + 3_600_000).toISOString();
    const { run } = await api.submit({ ...place.request("stalled"), due });
    expect(run.dueAt).toBe(due);
    await saysWhy(run.id, /no drafter takes shards/);
    await until("it says that it will be late", async () => {
      const late = (await alarms()).find(({ kind }) => kind === "run_late");
      return late?.message.includes(`is due at ${due}, but it stands still: no drafter`) === true;
    });
    const queue = new Queue("shards", {
      connection: { url: place.redis.url },
      prefix: "{nightbeam}",
    });
    await queue.pause();
    await saysWhy(run.id, /the queue of shards is paused/);
    await admin.replicaof("127.0.0.1", 1);
    await saysWhy(run.id, /Redis refuses: READONLY/);
    await until("redis_refuses", async () => {
      return (await alarms()).some(({ kind }) => kind === "redis_refuses");
    });
    const ready = async () => (await api.ask("GET", "/readyz")).status;
    await until("it is not ready", async () => (await ready()) === 503);
    expect(await api.ask("GET", "/healthz")).toEqual({ status: 200, body: { status: "ok" } });
    await admin.replicaof("NO", "ONE");
    await until("it is ready", async () => (await ready()) === 200);
    await saysWhy(run.id, /the queue of shards is paused/);
    // As the message says.
    await admin.hdel("{nightbeam}:shards:meta", "paused");
    await queue.close();
    const drafter = await startDrafter({ redisUrl: place.redis.url });
    await until("it is complete", () => isComplete(run.id), 30_000);
    await until("all alarms are cleared", async () => (await alarms()).length === 0);
    expect(await api.run(run.id)).not.toHaveProperty("reason");
    await drafter.close();
  });

  it("because shards failed permanently is tried again, without anyone", async () => {
    let failures = 0;
    const drafter = await startDrafter({
      redisUrl: place.redis.url,
      before: (index) => {
        if (index === 3 && ++failures < 4) throw new Error("no space left on device");
      },
    });
    const { run } = await api.submit({ ...place.request("retried"), retryPartial: true });
    await until("it is complete", () => isComplete(run.id), 30_000);
    expect(failures).toBe(4);
    await until("its alarm is cleared", async () => (await alarms()).length === 0);
    await drafter.close();
  });
});
