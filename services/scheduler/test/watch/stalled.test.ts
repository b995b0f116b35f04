import { until } from "@nightbeam/testing";
import { type Api, startDrafter, startPlace, type TestPlace } from "@nightbeam/testing/scheduler";
import { redisIsHere } from "@nightbeam/testing/servers";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alarm } from "../../src/api/answers.js";
import { startScheduler } from "../../src/start-scheduler.js";

describe.skipIf(!redisIsHere())("a run that stands still", () => {
  let place: TestPlace;
  let api: Api;
  let admin: Redis;
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    api = await place.scheduler({}, { stalledAfterMs: 300, graceMs: 200 });
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

  it("says why, whatever it is, until it moves again", async () => {
    const { run } = await api.submit(place.request("stalled"));
    await saysWhy(run.id, /no drafter takes shards/);
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
    await admin.replicaof("NO", "ONE");
    await saysWhy(run.id, /the queue of shards is paused/);
    const drafter = await startDrafter({ redisUrl: place.redis.url });
    // As the message says.
    await admin.hdel("{nightbeam}:shards:meta", "paused");
    await queue.close();
    await until("it is complete", async () => (await api.run(run.id)).state === "complete");
    await until("all alarms are cleared", async () => (await alarms()).length === 0);
    expect(await api.run(run.id)).not.toHaveProperty("reason");
    await drafter.close();
  });
});
