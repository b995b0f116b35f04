import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { readManifest, readRecommendations } from "@nightbeam/run";
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
import { startScheduler } from "../src/start-scheduler.js";

describe.skipIf(!redisIsHere())("runs", () => {
  let place: TestPlace;
  let api: Api;
  let other: Api;
  const drafters: TestDrafter[] = [];
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    [api, other] = await Promise.all([place.scheduler(), place.scheduler()]);
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
  const ended = (id: string, state: string, by: Api = api) =>
    until(`run ${id} is ${state}`, async () => (await by.run(id)).state === state);
  const alarmed = (message: string, by: Api) =>
    until(`an alarm says "${message}"`, async () => {
      return JSON.stringify((await by.ask("GET", "/v1/alarms")).body).includes(message);
    });
  /** Each user of the run exactly once. */
  const usersIn = async (out: string): Promise<string[]> => {
    const users: string[] = [];
    for await (const batch of readRecommendations(out, { verify: true })) {
      users.push(...batch.map(({ user }) => user));
    }
    return users;
  };

  const loseRedis = async () => {
    const redis = new Redis(place.redis.url);
    await redis.flushall();
    redis.disconnect();
  };

  it("are planned, drafted and finished, and report their progress", async () => {
    const { outcome, run } = await api.submit(place.request("plain"));
    expect(outcome).toBe("created");
    expect(run.id).toMatch(/^plain-[0-9a-f]{6}$/);
    await ended(run.id, "running");
    expect(await api.run(run.id)).toMatchObject({
      users: { total: 70, done: 0 },
      shards: { total: 14, done: 0, waiting: 14 },
    });
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    await drafter(() => gate);
    await until("two shards are active", async () => {
      const { shards, users, calls } = await api.run(run.id);
      return shards?.active === 2 && users.underWay === 2 && calls.calls === 4;
    });
    open();
    await ended(run.id, "complete", other);
    const done = await api.run(run.id);
    expect(done).toMatchObject({
      users: { total: 70, done: 70, underWay: 0 },
      shards: { total: 14, done: 14, active: 0, waiting: 0, setAside: 0 },
      calls: { calls: 140, searches: 70 },
      stats: { callsPerUser: 2, nodesPerUser: 30 },
    });
    expect(done.stats.usersPerSecond).toBeGreaterThan(0);
    const out = place.path("plain");
    expect((await usersIn(out)).length).toBe(70);
    expect((await readManifest(out)).versions).toMatchObject({
      target: expect.stringMatching(/^[0-9a-f]{64}$/),
      histories: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await api.submit(place.request("plain"))).toMatchObject({ outcome: "unchanged" });
  });

  it("are one run, no matter how often and where the same is submitted", async () => {
    const request = place.request("once");
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? api : other).submit(request)),
    );
    expect(new Set(all.map(({ run }) => run.id)).size).toBe(1);
    expect(all.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    const id = all[0]?.run.id ?? "";
    const { begun } = await drafter();
    await ended(id, "complete");
    expect([...begun].sort((a, b) => a - b)).toEqual(Array.from({ length: 14 }, (_, at) => at));
    expect(new Set(await usersIn(place.path("once"))).size).toBe(70);
  });

  it("are paused and go on, also without Redis; others are retried", async () => {
    const act = (id: string, action: string) => other.ask("POST", `/v1/runs/${id}/${action}`);
    const { run } = await api.submit(place.request("paused"));
    await ended(run.id, "running");
    for (let time = 0; time < 2; time++) {
      expect(await act(run.id, "pause")).toMatchObject({ status: 200, body: { state: "paused" } });
    }
    await loseRedis();
    const { begun } = await drafter();
    const next = await api.submit(place.request("not-paused"));
    await ended(next.run.id, "complete");
    expect(begun).toHaveLength(14);
    expect(await api.run(run.id)).toMatchObject({ state: "paused", shards: { done: 0 } });
    expect(await api.submit(place.request("paused"))).toMatchObject({ outcome: "unchanged" });
    expect(await act(run.id, "retry")).toMatchObject({ status: 409, body: { code: "RUN_STATE" } });
    for (let time = 0; time < 2; time++) {
      expect(await act(run.id, "resume")).toMatchObject({ status: 200 });
    }
    await ended(run.id, "complete");
    const states = await Promise.all(["pause", "resume", "retry"].map((one) => act(run.id, one)));
    expect(states.map(({ status }) => status)).toEqual([409, 409, 409]);
    expect((await act("a%2fb", "pause")).status).toBe(400);
  });

  it("are retried after a cancellation, and have the priority that was asked for last", async () => {
    const { run } = await api.submit({ ...place.request("again"), priority: "low" });
    await ended(run.id, "running");
    expect(await api.submit({ ...place.request("again"), priority: "urgent" })).toMatchObject({
      outcome: "unchanged",
      run: { priority: "urgent" },
    });
    const path = `/v1/runs/${run.id}`;
    expect((await other.ask("POST", `${path}/cancel`)).status).toBe(200);
    expect(await api.ask("PUT", `${path}/priority`, { priority: "low" })).toMatchObject({
      body: { state: "cancelled", priority: "low" },
    });
    expect(await api.ask("POST", `${path}/retry`)).toMatchObject({
      body: { state: "running", priority: "low" },
    });
    await drafter();
    await ended(run.id, "complete");
  });

  it("refuse a location with another request", async () => {
    await api.submit(place.request("taken"));
    const refused = await other.ask("POST", "/v1/runs", place.request("taken", { topK: 3 }));
    expect(refused).toMatchObject({
      status: 409,
      body: { code: "OUT_TAKEN", message: expect.stringContaining("`topK` was 10 and is 3") },
    });
    await api.ask("POST", `/v1/runs/${(await api.submit(place.request("taken"))).run.id}/cancel`);
  });

  it("refuse a location with a run of one machine", async () => {
    const out = place.path("one-machine");
    await mkdir(out);
    await writeFile(`${out}/plan.json`, "{}");
    const refused = () => api.ask("POST", "/v1/runs", place.request("one-machine"));
    const message = expect.stringMatching(/holds a run that `nightbeam recommend` made/);
    for (let time = 0; time < 2; time++) {
      expect(await refused()).toMatchObject({ status: 409, body: { code: "OUT_TAKEN", message } });
    }
    expect(JSON.stringify((await api.ask("GET", "/v1/runs")).body)).not.toContain("one-machine");
    expect(await readdir(out)).toEqual(["plan.json"]);
  });

  it("are refused at once if a path cannot be read or widths do not fit", async () => {
    const ask = async (more: object) => (await api.ask("POST", "/v1/runs", more)).body;
    const request = place.request("never");
    expect(await ask({ ...request, histories: "/nowhere.jsonl" })).toMatchObject({
      code: "UNREADABLE_INPUT",
      message: expect.stringContaining("The scheduler cannot read `histories` /nowhere.jsonl"),
    });
    expect(await ask({ ...request, target: place.path(".") })).toMatchObject({
      code: "MISSING_FILE",
    });
    expect(await ask({ ...request, draftWidth: [9, 9, 9] })).toMatchObject({
      code: "BAD_DRAFT_WIDTHS",
    });
    expect(await ask({ ...request, draft: ["retrieval", "previous:"] })).toMatchObject({
      code: "BAD_DRAFT",
    });
    expect(await ask({ ...request, draft: ["candidates:/nowhere.jsonl"] })).toMatchObject({
      code: "UNREADABLE_INPUT",
      message: expect.stringContaining("The scheduler cannot read `draft` /nowhere.jsonl"),
    });
    const proposed = { acceptAbove: -9, candidates: "/nowhere.jsonl" };
    expect(await ask({ ...request, ...proposed })).toMatchObject({
      code: "UNREADABLE_INPUT",
      message: expect.stringContaining("The scheduler cannot read `candidates` /nowhere.jsonl"),
    });
    await mkdir(place.path("unfinished"));
    await writeFile(place.path("unfinished/request.json"), "{}");
    const unfinished = { ...proposed, candidates: place.path("unfinished") };
    expect(await ask({ ...request, ...unfinished })).toMatchObject({ code: "RUN_INCOMPLETE" });
    expect(await ask({ ...request, draft: [`previous:${place.path(".")}`] })).toMatchObject({
      code: "RUN_INCOMPLETE",
    });
    expect(await ask({ ...request, target: "rollout:none" })).toMatchObject({
      code: "UNKNOWN_ROLLOUT",
    });
  });

  it("that cannot be planned are refused with the reason, and can be tried again", async () => {
    const broken = place.path("broken.jsonl");
    await writeFile(broken, "[1, 2");
    const request = place.request("refused", { catalogue: broken });
    const { run } = await api.submit(request);
    await ended(run.id, "refused");
    expect((await api.run(run.id)).reason).toMatch(/broken\.jsonl/);
    await alarmed(`Run ${run.id} cannot be planned`, api);
    expect(await api.submit(request)).toMatchObject({ outcome: "resumed" });
    await ended(run.id, "refused");
  });

  it("that are refused can be corrected and submitted again, which removes their alarms", async () => {
    const broken = place.path("broken.jsonl");
    await writeFile(broken, "[1, 2");
    const { run } = await api.submit(place.request("mended", { catalogue: broken }));
    await alarmed(`Run ${run.id} cannot be planned`, api);
    const mended = place.request("mended", { topK: 3 });
    expect(await other.submit(mended)).toMatchObject({ outcome: "resumed", run: { id: run.id } });
    await ended(run.id, "running");
    const standing = JSON.parse(await readFile(place.path("mended/request.json"), "utf8"));
    expect(standing.request).toMatchObject({ topK: 3, catalogue: place.world.catalogue });
    await until("the alarm is gone", async () => {
      return !JSON.stringify((await api.ask("GET", "/v1/alarms")).body).includes(run.id);
    });
    // Now that it is planned it is what it is.
    expect(await api.ask("POST", "/v1/runs", place.request("mended"))).toMatchObject({
      status: 409,
    });
    expect(await api.submit(mended)).toMatchObject({ outcome: "unchanged" });
    await api.ask("POST", `/v1/runs/${run.id}/cancel`);
  });

  it("without any list raise an alarm that says why", async () => {
    const histories = place.path("rejected.jsonl");
    await writeFile(histories, '{"user":"a","history":[]}\n{"user":"b","history":[]}\n');
    const { run } = await api.submit(place.request("empty", { histories }));
    await drafter();
    await ended(run.id, "complete");
    expect(await api.run(run.id)).toMatchObject({ rejected: 2 });
    await alarmed(`Run ${run.id} is complete but has no lists: all of its 2 rows`, other);
    await alarmed("empty_history", other);
    // Alarms of the runs above may still be raised.
    await until("what one clears is cleared for the other", async () => {
      expect(await other.ask("DELETE", "/v1/alarms")).toMatchObject({ status: 204 });
      return JSON.stringify((await api.ask("GET", "/v1/alarms")).body) === '{"alarms":[]}';
    });
  });

  it("with a poison shard are partial, and only that is redone when they are submitted again", async () => {
    const poisoned = await drafter((index) => {
      if (index === 3) throw new Error("shard 3 is poison");
    });
    const request = place.request("poison");
    const { run } = await api.submit(request);
    await ended(run.id, "partial");
    expect(await api.run(run.id)).toMatchObject({
      shards: { done: 13, setAside: 1 },
      setAside: [{ index: 3, firstRow: 15, rowCount: 5, reason: "shard 3 is poison" }],
    });
    await alarmed(`Run ${run.id} is partial: 1 of 14 shards`, other);
    await poisoned.close();
    expect(await other.submit(request)).toMatchObject({ outcome: "resumed" });
    const { begun } = await drafter();
    await ended(run.id, "complete");
    expect(begun).toEqual([3]);
    expect(new Set(await usersIn(place.path("poison"))).size).toBe(70);
  });

  it("survive a loss of everything in Redis, and redo nothing that is committed", async () => {
    const redis = new Redis(place.redis.url);
    let taken = 0;
    const first = await drafter(async () => {
      taken++;
      // What is in progress when Redis loses it stays in progress until the end of the test.
      if (taken > 5) await new Promise(() => {});
    });
    const { run } = await api.submit(place.request("flushed"));
    await until("some are done", async () => ((await api.run(run.id)).shards?.done ?? 0) === 5);
    await first.close();
    await redis.flushall();
    redis.disconnect();
    const { begun } = await drafter();
    await ended(run.id, "complete");
    expect(begun).toHaveLength(9);
    expect(new Set(await usersIn(place.path("flushed"))).size).toBe(70);
  });

  it("are cancelled, and resumed with what is missing", async () => {
    const request = place.request("cancelled");
    const first = await drafter(async (index) => {
      if (index > 3) await new Promise(() => {});
    });
    const { run } = await api.submit(request);
    await until("some are done", async () => ((await api.run(run.id)).shards?.done ?? 0) === 4);
    const cancelled = await other.ask("POST", `/v1/runs/${run.id}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { state: "cancelled" } });
    await first.close();
    expect(await api.run(run.id)).toMatchObject({ state: "cancelled", shards: { done: 4 } });
    expect(await api.submit(request)).toMatchObject({ outcome: "resumed" });
    await drafter();
    await ended(run.id, "complete");
    const again = await other.ask("POST", `/v1/runs/${run.id}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { code: "RUN_STATE" } });
  });

  it("that are cancelled while they are planned are planned when they are submitted again", async () => {
    const lines = Array.from({ length: 900 }, (_, at) => {
      return JSON.stringify({ user: `u${at}`, history: [String(at % 240)] });
    });
    const histories = place.path("many.jsonl");
    await writeFile(histories, `${lines.join("\n")}\n`);
    const request = place.request("early", { histories, partSize: 3 });
    const { run } = await api.submit(request);
    const cancelled = await api.ask("POST", `/v1/runs/${run.id}/cancel`);
    expect(cancelled.body).toMatchObject({ state: "cancelled" });
    expect(cancelled.body).not.toHaveProperty("shards");
    expect(await api.submit(request)).toMatchObject({
      outcome: "resumed",
      run: { state: "planning" },
    });
    await ended(run.id, "running");
    expect(await api.run(run.id)).toMatchObject({ shards: { total: 300, waiting: 300 } });
    await api.ask("POST", `/v1/runs/${run.id}/cancel`);
  });

  it("are listed, the latest first, even if the state was lost", async () => {
    const { run } = await api.submit(place.request("listed"));
    const listed = JSON.stringify((await other.ask("GET", "/v1/runs")).body);
    expect(JSON.parse(listed).runs[0].id).toBe(run.id);
    await rm(place.path(`state/runs/${run.id}.json`));
    expect(await api.submit(place.request("listed"))).toMatchObject({ outcome: "unchanged" });
    expect(await api.run(run.id)).toMatchObject({ submittedAt: run.submittedAt });
    await api.ask("POST", `/v1/runs/${run.id}/cancel`);
  });
});
