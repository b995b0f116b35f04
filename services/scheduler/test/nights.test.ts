import { cp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Alarm, NightStatus, RunStatus } from "@nightbeam/api";
import { until } from "@nightbeam/testing";
import { type Api, startDrafter, startPlace, type TestPlace } from "@nightbeam/testing/scheduler";
import { redisIsHere } from "@nightbeam/testing/servers";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startScheduler } from "../src/start-scheduler.js";

const NEVER = "0 0 1 1 *";
const HOUR_MS = 3_600_000;

/** A daily timetable that starts in a second or two. */
function soon(): string {
  const at = new Date(Date.now() + 2_000);
  return `${at.getSeconds()} ${at.getMinutes()} ${berlinHour(at)} * * *`;
}

/** The time of day three hours from now. */
function dueLater(): string {
  const at = new Date(Date.now() + 3 * HOUR_MS);
  return `${berlinHour(at).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

function berlinHour(at: Date): string {
  const parts = { timeZone: "Europe/Berlin", hour: "numeric", hourCycle: "h23" } as const;
  return String(Number(new Intl.DateTimeFormat("en-GB", parts).format(at)));
}

describe.skipIf(!redisIsHere())("nights", () => {
  let place: TestPlace;
  let api: Api;
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    api = await place.scheduler();
  });
  afterEach(async () => {
    for (const { name } of await nights()) await api.ask("DELETE", `/v1/nights/${name}`);
  });
  afterAll(() => place.stop());

  const put = (name: string, night: object, by: Api = api) =>
    by.ask("PUT", `/v1/nights/${name}`, night);
  const nights = async (): Promise<NightStatus[]> =>
    parsed<{ nights: NightStatus[] }>(await api.ask("GET", "/v1/nights")).nights;
  const runsOf = async (night: string, by: Api = api): Promise<RunStatus[]> => {
    const { runs } = parsed<{ runs: RunStatus[] }>(await by.ask("GET", "/v1/runs"));
    return runs.filter((run) => run.night === night);
  };
  const alarms = async (by: Api = api): Promise<Alarm[]> =>
    parsed<{ alarms: Alarm[] }>(await by.ask("GET", "/v1/alarms")).alarms;
  const parsed = <T>(answer: { body: unknown }): T => JSON.parse(JSON.stringify(answer.body));

  it("start the run of their date, once", async () => {
    const answer = await put("beauty", {
      cron: soon(),
      due: dueLater(),
      timeZone: "Europe/Berlin",
      request: place.request("nights/{date}"),
    });
    expect(answer).toMatchObject({ status: 200, body: { name: "beauty", missed: "run" } });
    await until("the night has begun", async () => (await runsOf("beauty")).length > 0);
    const berlin = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Berlin" }).format();
    const [run] = await runsOf("beauty");
    expect(run?.out).toBe(place.path(`nights/${berlin}`));
    expect(run?.id).toMatch(new RegExp(`^${berlin}-[0-9a-f]{6}$`));
    await until("it is planned", async () => (await runsOf("beauty"))[0]?.state === "running");
    // A run that a user cancels stays cancelled, although the schedule fires again and again.
    await api.ask("POST", `/v1/runs/${run?.id}/cancel`);
    const again = {
      cron: soon(),
      timeZone: "Europe/Berlin",
      request: place.request("nights/{date}"),
    };
    const { nextAt = "" } = parsed<NightStatus>(await put("beauty", again));
    await until("its time has come again", () => Date.now() > Date.parse(nextAt) + 500);
    expect(await runsOf("beauty")).toMatchObject([{ state: "cancelled" }]);
    expect((await nights())[0]).toMatchObject({ name: "beauty", lastDate: berlin });
    expect(Date.parse(run?.dueAt ?? "")).toBeGreaterThan(Date.now());
    expect((await nights())[0]?.lastRun).toEqual({ id: run?.id, state: "cancelled" });
  });

  it("that are missed raise an alarm and run late, or are skipped", async () => {
    const told: Alarm[] = [];
    const hook = createServer((request, answer) => {
      let text = "";
      request.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on("end", () => {
        told.push(JSON.parse(text));
        answer.end();
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
    const address = hook.address();
    const port = typeof address === "object" ? address?.port : 0;
    // Its own Redis knows nothing of the schedules' ticks: only the watch can find these nights.
    let ahead = 0;
    const late = await place.scheduler(
      { state: place.path("late"), alarmWebhook: `http://127.0.0.1:${port}` },
      { clock: { now: () => Date.now() + ahead } },
    );
    const hour = new Date(Date.now() + HOUR_MS).getUTCHours();
    const cron = `0 ${hour} * * *`;
    await put("run-late", { cron, request: place.request("late/{date}") }, late);
    await put("skipped", { cron, missed: "skip", request: place.request("skip/{date}") }, late);
    expect(await runsOf("run-late", late)).toEqual([]);
    ahead = 2 * HOUR_MS;
    await until("the missed night has begun", async () => {
      return (await runsOf("run-late", late)).length > 0;
    });
    await until("both are reported", () => told.length >= 2);
    expect(await runsOf("skipped", late)).toEqual([]);
    const missedNights = async () =>
      (await alarms(late)).filter(({ kind }) => kind === "night_missed");
    await until("both are stored", async () => (await missedNights()).length === 2);
    const missed = await missedNights();
    expect(missed.map(({ night }) => night).sort()).toEqual(["run-late", "skipped"]);
    expect(missed.find(({ night }) => night === "skipped")?.message).toMatch(/It is skipped/);
    expect(told.map(({ kind }) => kind)).toContain("night_missed");
    await late.scheduler.close();
    hook.close();
  });

  it("are published, and compared with the night before", async () => {
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead };
    const options = { state: place.path("daily"), publishTo: place.path("published") };
    const own = await place.scheduler(options, { clock });
    const drafter = await startDrafter({ redisUrl: place.redis.url });
    const hour = new Date(Date.now() + HOUR_MS).getUTCHours();
    const request = place.request("daily/{date}");
    await put("daily", { cron: `0 ${hour} * * *`, publish: "home", request }, own);
    for (const nightsPassed of [1, 2]) {
      ahead = 2 * HOUR_MS + (nightsPassed - 1) * 24 * HOUR_MS;
      await until(`night ${nightsPassed} is complete`, async () => {
        const runs = await runsOf("daily", own);
        return runs.length === nightsPassed && runs.every(({ state }) => state === "complete");
      });
    }
    await until("the nights are compared", async () => {
      return (await runsOf("daily", own)).some(({ drift }) => drift !== undefined);
    });
    await until("the nights are published", async () => {
      const runs = await runsOf("daily", own);
      return runs.every(({ publication }) => publication?.state === "published");
    });
    const [second, first] = await runsOf("daily", own);
    const pointer = await readFile(join(place.path("published"), "home", "current.json"), "utf8");
    expect(JSON.parse(pointer)).toMatchObject({ version: second?.publication?.version, lists: 70 });
    expect(first).not.toHaveProperty("drift");
    // It would take its lists from that night, whose drafter kept no answers.
    expect(first).not.toHaveProperty("reuse");
    expect(second?.reuse).toEqual({
      run: first?.out,
      refused: expect.stringContaining("it kept no answers"),
    });
    expect(second?.drift).toEqual({
      against: first?.id,
      users: { before: 70, now: 70 },
      rejected: { before: 0, now: 0 },
      callsPerUser: { before: 2, now: 2 },
      // Eight of the fourteen parts.
      sampledUsers: 40,
      overlap: 1,
      sameFirst: 1,
      topScore: expect.anything(),
    });
    await drafter.close();
    await own.scheduler.close();
  });

  it("are restored after Redis lost them", async () => {
    await put("kept", { cron: NEVER, request: place.request("kept/{date}") });
    const redis = new Redis(place.redis.url);
    const scheduled = () => redis.exists("{nightbeam}:nights:repeat:kept");
    expect(await scheduled()).toBe(1);
    await redis.flushall();
    await until("the schedule is back", async () => (await scheduled()) === 1);
    redis.disconnect();
  });

  it("are refused if they cannot work", async () => {
    const request = place.request("x/{date}");
    const unpublishable = await put("b", { cron: NEVER, publish: "home", request });
    expect(unpublishable).toMatchObject({ status: 400 });
    expect(JSON.stringify(unpublishable.body)).toContain("Start it with --publish-to");
    for (const cron of ["* * * * *", "0 */6 * * *", "0 0 30 2 *"]) {
      expect(await put("b", { cron, request })).toMatchObject({ status: 422 });
    }
    expect(await put("b", { cron: NEVER, due: "00:00", request })).toMatchObject({
      status: 200,
    });
    expect(await put("c", { cron: NEVER, request })).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining("is also where night b writes") },
    });
    expect(await put("b", { cron: NEVER, due: "6 am", request })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("`due`: write a time of day, as 06:00") },
    });
    await api.ask("DELETE", "/v1/nights/b");
    expect(await put("b", { cron: "every night", request })).toMatchObject({
      status: 422,
      body: { code: "BAD_JOB" },
    });
    expect(await put("b", { cron: NEVER, timeZone: "Mars", request })).toMatchObject({
      status: 422,
    });
    expect(await put("b", { cron: NEVER, request: place.request("x") })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("Add {date} to it") },
    });
    for (const more of [
      { histories: "/nowhere.jsonl" },
      { target: "/nowhere" },
      { draft: ["/nowhere"] },
      { catalogue: "/nowhere" },
      { block: "/nowhere" },
      { candidates: "/nowhere", acceptAbove: -9 },
      { draftWidth: [9, 9, 9] },
    ]) {
      expect(await put("b", { cron: NEVER, request: { ...request, ...more } })).toMatchObject({
        status: 400,
        body: { code: "BAD_REQUEST" },
      });
    }
    expect(await nights()).toEqual([]);
    const proposed = { candidates: "/c/{date}/*.jsonl", acceptAbove: -9 };
    const paths = { histories: "/h-{date}.jsonl", target: "rollout:not-yet", allow: "/a/{date}" };
    const later = { ...paths, ...proposed };
    expect(await put("b", { cron: NEVER, request: { ...request, ...later } })).toMatchObject({
      status: 200,
    });
  });
});

describe.skipIf(!redisIsHere())("rollouts", () => {
  let place: TestPlace;
  let api: Api;
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    api = await place.scheduler();
  });
  afterAll(() => place.stop());

  it("give new runs their models, and runs keep the models they started with", async () => {
    const { target, draft, catalogue } = place.world;
    const set = (more: object) => api.ask("PUT", "/v1/rollouts/beauty", more);
    expect(await set({ target, draft: [draft], catalogue })).toMatchObject({
      status: 200,
      body: { announced: false },
    });
    const request = place.request("rolled", {
      target: "rollout:beauty",
      draft: ["rollout:beauty"],
      catalogue: "rollout:beauty",
    });
    const { run } = await api.submit(request);
    await until("planned", async () => (await api.run(run.id)).state === "running");
    await set({ target, draft: [draft, "transitions"], catalogue });
    const relaxed = {
      ...request,
      verification: "relaxed",
      draftWidth: [9],
      out: place.path("two"),
    };
    expect(await api.ask("POST", "/v1/runs", relaxed)).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/^`verification` relaxed takes one `draft`/) },
    });
    const other = place.path("elsewhere");
    await cp(target, other, { recursive: true });
    await set({ target: other, catalogue });
    await rm(other, { recursive: true });
    expect(await api.submit(request)).toMatchObject({ outcome: "unchanged" });
    const standing = JSON.parse(await readFile(place.path("rolled/request.json"), "utf8"));
    expect(standing.request).toMatchObject({ target, draft: [draft], catalogue });
    expect(await api.ask("POST", "/v1/runs", { ...request, out: place.path("new") })).toMatchObject(
      { status: 422, body: { message: expect.stringContaining(other) } },
    );
    expect(await set({ target: "/nowhere", catalogue })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("cannot read `target` /nowhere") },
    });
    expect(await set({ target, draft: [place.path(".")], catalogue })).toMatchObject({
      status: 400,
    });
  });
});
