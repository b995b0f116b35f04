import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import type { RunStatus } from "@nightbeam/api";
import { readManifest, readRecommendations } from "@nightbeam/run";
import { until } from "@nightbeam/testing";
import { type Api, startDrafter, startPlace, type TestPlace } from "@nightbeam/testing/scheduler";
import { redisIsHere } from "@nightbeam/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prunable } from "../src/runs/prune-runs.js";
import { chooseShards } from "../src/runs/redo-run.js";
import { startScheduler } from "../src/start-scheduler.js";

describe.skipIf(!redisIsHere())("the control of runs", () => {
  let place: TestPlace;
  let api: Api;
  let closeDrafter: () => Promise<void>;
  beforeAll(async () => {
    place = await startPlace(startScheduler);
    api = await place.scheduler();
    const drafter = await startDrafter({ redisUrl: place.redis.url });
    closeDrafter = () => drafter.close();
  });
  afterAll(async () => {
    await closeDrafter();
    await place.stop();
  });

  const completed = async (name: string) => {
    const { run } = await api.submit(place.request(name));
    await ended(run.id);
    return run.id;
  };
  const ended = (id: string) =>
    until(`run ${id} is complete`, async () => (await api.run(id)).state === "complete");
  const lists = async (out: string) => {
    const users: unknown[] = [];
    for await (const batch of readRecommendations(out, { verify: true })) users.push(...batch);
    return users;
  };

  it("computes shards of a complete run again, and no others; readers see the whole run", async () => {
    const id = await completed("redone");
    const out = place.path("redone");
    const [before, parts] = [await lists(out), (await readManifest(out)).parts];
    const redo = (body: object) => api.ask("POST", `/v1/runs/${id}/redo`, body);
    expect(await redo({ answeredBy: "v9" })).toMatchObject({ body: { shards: 0, unknown: 14 } });
    expect(await redo({ shards: "13-14" })).toMatchObject({ status: 400 });
    expect(await redo({ shards: "a" })).toMatchObject({ status: 400 });
    expect(await redo({ shards: "0,3-4" })).toMatchObject({ status: 200, body: { shards: 3 } });
    await ended(id);
    const { parts: now } = await readManifest(out);
    const changed = now.flatMap(({ file }, at) => (file === parts[at]?.file ? [] : [at]));
    expect(changed).toEqual([0, 3, 4]);
    expect(await lists(out)).toEqual(before);
    expect(await readdir(`${out}/parts`)).toHaveLength(14);
  });

  it("removes ended runs, their inputs and their jobs, and keeps their lists", async () => {
    const id = await completed("old");
    const out = place.path("old");
    const prune = (body: object) => api.ask("POST", "/v1/runs/prune", body);
    expect(await prune({ keep: "14d" })).toMatchObject({ body: { runs: [] } });
    const report = { status: 200, body: { runs: expect.arrayContaining([]) } };
    expect(await prune({ keep: "0h", dryRun: true })).toMatchObject(report);
    expect((await api.run(id)).state).toBe("complete");
    expect(await prune({ keep: "0h" })).toMatchObject({
      body: { runs: expect.arrayContaining([expect.objectContaining({ id, inputs: 14 })]) },
    });
    expect((await api.ask("GET", `/v1/runs/${id}`)).status).toBe(404);
    expect(await lists(out)).toHaveLength(70);
    expect(await readdir(`${out}/inputs`)).toEqual([]);
    // The same submission finds the lists.
    expect((await api.submit(place.request("old"))).run.state).toBe("complete");
    const redo = await api.ask("POST", `/v1/runs/${id}/redo`, {});
    expect(redo).toMatchObject({
      status: 409,
      body: { message: expect.stringMatching(/no longer has the input/) },
    });
  });

  it("shows what cannot be read, and hides nothing for it", async () => {
    const fine = await completed("fine");
    const looped = await completed("looped");
    const out = place.path("looped");
    await rm(out, { recursive: true });
    await symlink(out, out);
    const state = place.path("state");
    const record = `${state}/runs/broken-000000.json`;
    await writeFile(record, (await readFile(`${state}/runs/${fine}.json`, "utf8")).slice(1));
    const second = await place.scheduler();
    const { body } = await second.ask("GET", "/v1/runs");
    expect(body).toMatchObject({
      runs: expect.arrayContaining([
        expect.objectContaining({ id: fine, state: "complete" }),
        expect.objectContaining({ id: looped, state: "unreadable" }),
        expect.objectContaining({ id: "broken-000000", state: "unreadable" }),
      ]),
    });
    await mkdir(`${state}/rollouts`, { recursive: true });
    await writeFile(`${state}/rollouts/broken.json`, "{");
    expect((await second.ask("GET", "/v1/rollouts")).body).toMatchObject({
      rollouts: [],
      unreadable: [{ name: "broken" }],
    });
    await rm(record);
  });

  it.each(["%2e%2e%2fx", "a%00b", "a".repeat(3_000), "%0a"])(
    "refuses an odd id: %.20s",
    async (id) => {
      const asks: readonly (readonly [string, string])[] = [
        ["GET", `/v1/runs/${id}`],
        ["POST", `/v1/runs/${id}/cancel`],
        ["DELETE", `/v1/nights/${id}`],
        ["PUT", `/v1/rollouts/${id}`],
      ];
      for (const [method, path] of asks) {
        const { status } = await api.ask(method, path, method === "PUT" ? {} : undefined);
        expect([method, status]).toEqual([method, 400]);
      }
    },
  );
});

describe("the shards that are computed again", () => {
  const share = (name: string, lastAt: string) => {
    return { name, calls: 1, audited: 0, firstAt: lastAt, lastAt };
  };
  const commits = [
    { index: 0, verifiers: [share("a", "2026-11-22T01:00:00.000Z")] },
    {
      index: 1,
      verifiers: [share("a", "2026-11-22T03:00:00.000Z"), share("b", "2026-11-22T01:00:00.000Z")],
    },
    { index: 2 },
  ];
  it.each([
    [{}, [0, 1, 2], 0],
    [{ answeredBy: "b" }, [1], 1],
    [{ answeredBy: "a", since: "2026-11-22T03:00:00+01:00" }, [1], 1],
    [{ since: "2026-11-22T00:00:00Z", wanted: new Set([0, 2]) }, [0], 1],
  ] as const)("fit %j", (asked, chosen, unknown) => {
    expect(chooseShards(commits, asked)).toEqual({ chosen, unknown });
  });
});

describe("the runs that are removed", () => {
  const run = (id: string, rest: Partial<RunStatus>): RunStatus => ({
    ...{
      id,
      state: "complete",
      out: "/o",
      priority: "normal",
      stats: {},
      setAside: [],
      rejected: 0,
    },
    ...{ submittedAt: "2026-11-01T00:00:00.000Z", users: { done: 0, underWay: 0 } },
    ...{ calls: { calls: 0, searches: 0 }, endedAt: "2026-11-01T01:00:00.000Z" },
    ...rest,
  });
  it("have ended before, and are not the last complete ones of their nights", () => {
    const { endedAt: _, ...running } = run("running", { state: "running" });
    const all = [
      run("first", { night: "n" }),
      run("last", { night: "n", submittedAt: "2026-11-02T00:00:00.000Z" }),
      run("failed", { night: "n", state: "partial", submittedAt: "2026-11-03T00:00:00.000Z" }),
      run("recent", { endedAt: "2026-11-20T00:00:00.000Z" }),
      run("unreadable", { state: "unreadable" }),
      run("alone", {}),
      running,
    ];
    const ids = prunable(all, Date.parse("2026-11-10")).map(({ id }) => id);
    expect(ids).toEqual(["first", "failed", "alone"]);
  });
});
