import { readFile, rm, symlink, writeFile } from "node:fs/promises";
import { readRecommendations } from "@nightbeam/run";
import { until } from "@nightbeam/testing";
import {
  type Api,
  startDrafter,
  startPlace,
  type TestDrafter,
  type TestDrafterOptions,
  type TestPlace,
} from "@nightbeam/testing/scheduler";
import { redisIsHere } from "@nightbeam/testing/servers";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { answeredBy } from "../src/runs/run-control.js";
import { startScheduler } from "../src/start-scheduler.js";

describe.skipIf(!redisIsHere())("a run", () => {
  let place: TestPlace;
  let api: Api;
  const drafters: TestDrafter[] = [];
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    api = await place.scheduler();
  });
  afterEach(async () => {
    await Promise.all(drafters.splice(0).map((one) => one.close()));
  });
  afterAll(() => place.stop());

  const drafter = async (before?: TestDrafterOptions["before"]): Promise<TestDrafter> => {
    const redisUrl = place.redis.url;
    const started = await startDrafter({ redisUrl, ...(before === undefined ? {} : { before }) });
    drafters.push(started);
    return started;
  };
  const is = (id: string, state: string) =>
    until(`run ${id} is ${state}`, async () => (await api.run(id)).state === state);
  const post = (path: string, body?: unknown) => api.ask("POST", `/v1/runs/${path}`, body);

  it("that is paused does what is in progress and takes nothing more until it is resumed", async () => {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { begun } = await drafter(() => gate);
    const { run } = await api.submit(place.request("paused"));
    await until("two are in progress", async () => (await api.run(run.id)).shards?.active === 2);
    expect(await post(`${run.id}/pause`)).toMatchObject({ status: 200, body: { state: "paused" } });
    expect(await post(`${run.id}/pause`)).toMatchObject({ status: 200, body: { state: "paused" } });
    open();
    await until("they are done", async () => (await api.run(run.id)).shards?.done === 2);
    // It stays paused without Redis' memory of it, and with another scheduler.
    const redis = new Redis(place.redis.url);
    await redis.flushall();
    redis.disconnect();
    const other = await place.scheduler();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await other.run(run.id)).toMatchObject({
      state: "paused",
      shards: { done: 2, active: 0 },
    });
    expect(begun).toHaveLength(2);
    const resumed = await other.ask("POST", `/v1/runs/${run.id}/resume`);
    expect(resumed).toMatchObject({ body: { outcome: "resumed", run: { state: "running" } } });
    await is(run.id, "complete");
    expect(begun).toHaveLength(14);
    expect(await post(`${run.id}/pause`)).toMatchObject({
      status: 409,
      body: { code: "RUN_STATE", message: "The run is complete; it cannot be paused any more." },
    });
    await other.scheduler.close();
  });

  it("of a higher priority is done before those that wait, and a change counts at once", async () => {
    const order: string[] = [];
    const big = await api.submit(place.request("big"));
    const low = await api.submit(place.request("low", { partSize: 35 }));
    const late = await api.submit(place.request("late", { partSize: 35 }));
    for (const { run } of [big, low, late]) await is(run.id, "running");
    const priority = (id: string, name: string) =>
      api.ask("PUT", `/v1/runs/${id}/priority`, { priority: name });
    expect(await priority(low.run.id, "low")).toMatchObject({ status: 200 });
    expect(await priority(late.run.id, "urgent")).toMatchObject({ body: { priority: "urgent" } });
    expect(await priority(late.run.id, "high")).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("priority") },
    });
    await drafter();
    for (const { run } of [late, big, low]) {
      await is(run.id, "complete");
      order.push(run.id);
    }
    const ends = await Promise.all(order.map(async (id) => (await api.run(id)).endedAt ?? ""));
    expect(ends).toEqual([...ends].sort());
  });

  it("that is complete is done again in part, and is complete again", async () => {
    const { begun } = await drafter();
    const { run } = await api.submit(place.request("redone"));
    await is(run.id, "complete");
    const out = place.path("redone");
    const first = await readFile(`${out}/manifest.json`, "utf8");
    expect(await post(`${run.id}/redo`, { shards: [20] })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("its shards are 0 to 13") },
    });
    expect(await post(`${run.id}/redo`, { answeredBy: "verifier-9" })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("verifier-9 answered none of them") },
    });
    expect(await post(`${run.id}/redo`, { shards: [3, 7, 3] })).toMatchObject({
      status: 200,
      body: { state: "running", shards: { done: 12 } },
    });
    await is(run.id, "complete");
    expect(begun.slice(14).sort((a, b) => a - b)).toEqual([3, 7]);
    const users: string[] = [];
    for await (const batch of readRecommendations(out, { verify: true })) {
      users.push(...batch.map(({ user }) => user));
    }
    expect(new Set(users).size).toBe(70);
    expect(users).toHaveLength(70);
    expect(await readFile(`${out}/manifest.json`, "utf8")).not.toBe(first);
  });

  it("continues an interrupted redo", async () => {
    const { begun } = await drafter();
    const { run } = await api.submit(place.request("interrupted"));
    await is(run.id, "complete");
    const mark = { redoneAt: "2026-11-03T01:00:00.000Z", shards: [5] };
    await writeFile(`${place.path("interrupted")}/redo.json`, JSON.stringify(mark));
    const other = await place.scheduler();
    await until("the shard is done again", async () => begun.length === 15);
    await is(run.id, "complete");
    await other.scheduler.close();
  });

  it("that cannot be read is shown as unreadable and hides no other", async () => {
    const { run } = await api.submit(place.request("gone"));
    await is(run.id, "running");
    await rm(place.path("gone"), { recursive: true });
    await symlink(place.path("gone"), place.path("gone"));
    const { body } = await api.ask("GET", "/v1/runs");
    expect(body).toMatchObject({
      runs: expect.arrayContaining([
        expect.objectContaining({ id: run.id, state: "unreadable" }),
        expect.objectContaining({ state: "complete" }),
      ]),
    });
    expect(await api.run(run.id)).toMatchObject({ reason: expect.stringContaining("gone") });
    await writeFile(place.path(`state/runs/${run.id}.json`), "{");
    expect(await api.run(run.id)).toMatchObject({ state: "unreadable" });
  });

  it("cannot have an odd id", async () => {
    for (const id of ["..%2fx", "%00", "x".repeat(3_000), "%1b[31m", "a%20b"]) {
      for (const [method, path] of [
        ["GET", `/v1/runs/${id}`],
        ["POST", `/v1/runs/${id}/cancel`],
        ["POST", `/v1/runs/${id}/pause`],
        ["DELETE", `/v1/nights/${id}`],
      ] as const) {
        const { status, body } = await api.ask(method, path);
        expect([status, JSON.stringify(body).length < 400], `${method} ${path}`).toEqual([
          400,
          true,
        ]);
        expect(body).toMatchObject({ code: "BAD_REQUEST" });
      }
    }
  });
});

describe("the shards that a verifier answered", () => {
  const share = (name: string, lastAt: string, auditedAt?: string) => ({
    ...{ name, calls: 2, audited: 0, firstAt: lastAt, lastAt },
    ...(auditedAt === undefined ? {} : { auditedAt }),
  });
  const at = (minute: number) => `2026-11-03T01:${String(minute).padStart(2, "0")}:00.000Z`;
  const commit = (index: number, ...verifiers: ReturnType<typeof share>[]) => ({
    ...{ index, file: "", attempt: "a", rows: 1, rejected: 0, bytes: 1, sha256: "" },
    ...{ firstRow: index, rowCount: 1 },
    ...{ stats: {}, verifiers },
  });
  const commits = [
    commit(0, share("v1", at(1)), share("v2", at(1))),
    commit(1, share("v1", at(2), at(2))),
    commit(2, share("v2", at(3))),
    commit(3, share("v1", at(4))),
  ];

  it("are those since its last good audit, or since a time", () => {
    expect(answeredBy(commits, { verifier: "v1" })).toEqual([1, 3]);
    expect(answeredBy(commits, { verifier: "v2" })).toEqual([0, 2]);
    expect(answeredBy(commits, { verifier: "v1", since: at(3) })).toEqual([3]);
    expect(answeredBy(commits, { verifier: "v3" })).toEqual([]);
  });
});
