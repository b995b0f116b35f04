import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Control } from "@nightbeam/control";
import { openRedis } from "@nightbeam/queue";
import { until } from "@nightbeam/testing";
import { startDrafter, startPlace, type TestPlace } from "@nightbeam/testing/scheduler";
import { redisIsHere, startRedis } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startScheduler } from "../src/start-scheduler.js";
import { type SchedulerProcess, spawnScheduler } from "./support/process.js";

describe.skipIf(!redisIsHere())("nightbeam scheduler", () => {
  let place: TestPlace;
  const running: SchedulerProcess[] = [];
  beforeAll(async () => {
    place = await startPlace(startScheduler);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.end("SIGKILL")));
  });
  afterAll(() => place.stop());

  const flags = (...more: string[]) => {
    return ["--redis", place.redis.url, "--state", place.path("state"), ...more];
  };
  const start = async (...more: string[]): Promise<SchedulerProcess> => {
    const started = await spawnScheduler(...flags("--reconcile-ms", "200", ...more));
    if (!("api" in started)) throw new Error(started.said);
    running.push(started);
    return started;
  };

  it("continues the planning of a killed one", async () => {
    const lines = Array.from({ length: 2_400 }, (_, at) => {
      return JSON.stringify({ user: `u${at}`, history: [String(at % 240)] });
    });
    const histories = place.path("many.jsonl");
    await writeFile(histories, `${lines.join("\n")}\n`);
    const first = await start("--lock-ms", "1000");
    const request = place.request("killed", { histories, partSize: 6 });
    const { run } = await first.api.submit(request);
    await until(
      "some rows are cut",
      async () => ((await first.api.run(run.id)).users.read ?? 0) > 0,
    );
    expect((await first.api.run(run.id)).state).toBe("planning");
    await first.end("SIGKILL");
    const second = await start("--lock-ms", "1000");
    const planned = async () => (await second.api.run(run.id)).state === "running";
    await until("the other one has planned it", planned, 20_000);
    expect(await second.api.run(run.id)).toMatchObject({
      submittedAt: run.submittedAt,
      users: { total: 2_400 },
      shards: { total: 400, waiting: 400 },
    });
    await second.api.ask("POST", `/v1/runs/${run.id}/cancel`);
  });

  it("stops when it is asked to, and recovers when Redis comes back", async () => {
    const scheduler = await start("--lock-ms", "1000");
    await place.redis.kill();
    const { run } = await scheduler.api.submit(place.request("healed"));
    expect(["planning", "running"]).toContain(run.state);
    await place.redis.restart();
    const drafter = await startDrafter({ redisUrl: place.redis.url });
    const complete = async () => (await scheduler.api.run(run.id)).state === "complete";
    await until("the run is complete", complete, 20_000);
    await drafter.close();
    expect(await scheduler.end("SIGTERM")).toMatchObject({ code: 0 });
  });

  it("reports why it cannot start", async () => {
    const [token, listen] = await Promise.all([
      spawnScheduler(...flags("--token", "")),
      spawnScheduler(...flags("--listen", "here")),
    ]);
    expect(token).toMatchObject({ code: 1, said: expect.stringContaining("NIGHTBEAM_TOKEN") });
    expect(listen).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^--listen here: give host:port .*such as 127\.0\.0\.1:7080/),
    });
  });

  it("exits if its port is taken: nothing stays open", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const ended = await spawnScheduler(...flags("--listen", `127.0.0.1:${port}`));
    other.close();
    expect(ended).toMatchObject({
      code: 1,
      said: expect.stringMatching(/cannot listen on 127\.0\.0\.1:\d+: .*Use another --listen/),
    });
  });

  it("closes what it has opened if its port is taken", async () => {
    const open = await place.scheduler();
    const port = Number(new URL(open.url).port);
    const before = await connections(place.redis.url);
    const watched: string[] = [];
    const control: Control = {
      connected: true,
      waitConnected: async () => true,
      announce: () => ({ update: () => {}, stop: async () => {} }),
      watchNodes: (role) => {
        watched.push(role);
        const close = () => void watched.splice(watched.indexOf(role), 1);
        return { nodes: [], endpoints: [], silence: () => 0, onChange: () => () => {}, close };
      },
      drain: async () => {},
      rollouts: {
        announce: async () => 1,
        current: async () => undefined,
        list: async () => [],
        watch: () => () => {},
      },
      close: async () => {},
    };
    const state = place.path("other-state");
    const starting = place.scheduler({ listen: `127.0.0.1:${port}`, state }, { control });
    await expect(starting).rejects.toMatchObject({ code: "BAD_OPTION" });
    expect(watched).toEqual([]);
    await until("all of its connections to Redis are closed", async () => {
      return (await connections(place.redis.url)) <= before;
    });
  });

  it.each([
    [{ token: "" }, "NO_TOKEN"],
    [{ token: "short" }, "NO_TOKEN"],
    [{ token: undefined }, "NO_TOKEN"],
    [{ reconcileMs: "soon" }, "BAD_OPTION"],
    [{ state: undefined }, "BAD_OPTION"],
    [{ state: "ftp://x/y" }, "BAD_LOCATION"],
  ])("refuses %j", async (options, code) => {
    await expect(place.scheduler(options)).rejects.toMatchObject({ code });
  });

  it("refuses a Redis that throws keys away", async () => {
    const unsafe = await startRedis({ args: ["--maxmemory-policy", "allkeys-lru"] });
    const refusal = place.scheduler({ redis: unsafe.url });
    await expect(refusal).rejects.toMatchObject({ code: "REDIS_UNSAFE" });
    await unsafe.stop();
  });
});

/** Connections to a Redis, without the one that asks. */
async function connections(url: string): Promise<number> {
  const redis = await openRedis({ url, role: "producer" });
  const list = String(await redis.client("LIST"));
  redis.disconnect();
  return list.trim().split("\n").length - 1;
}
