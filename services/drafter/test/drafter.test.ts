import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openControl } from "@nightbeam/control";
import type { Recommendation } from "@nightbeam/dataset";
import {
  type DrafterDeps,
  drafterSchema,
  type RunningDrafter,
  startDrafter,
} from "@nightbeam/drafter";
import { listFaults } from "@nightbeam/queue";
import { finishRun } from "@nightbeam/run";
import { type Log, silentLog } from "@nightbeam/service/log";
import { openStore } from "@nightbeam/store";
import { until as untilWithin } from "@nightbeam/testing";
import { listsOf } from "@nightbeam/testing/recommend";
import { freePort, startNatsServer } from "@nightbeam/testing/servers";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startModelVerifier } from "./support/model-verifier.js";
import { useNight } from "./support/night.js";
import { useQueues } from "./support/queue-world.js";

/** A busy machine takes its time to start threads. */
const until = (what: string, done: () => boolean | Promise<boolean>) =>
  untilWithin(what, done, 25_000);

const PAUSES = { own: { minMs: 50, maxMs: 200 }, passing: { minMs: 50, maxMs: 200 } };

describe("a drafter", () => {
  const world = useQueues();
  const night = useNight();
  const drafters: RunningDrafter[] = [];
  beforeEach(() => {
    night().verifier.hold = false;
  });
  afterEach(async () => {
    night().verifier.hold = false;
    for (const drafter of drafters.splice(0)) {
      drafter.drain("the test is over");
      expect(await drafter.finished).toBe(0);
    }
  });

  const start = async (options: Record<string, unknown> = {}, deps: Partial<DrafterDeps> = {}) => {
    const drafter = await startDrafter(
      drafterSchema.parse({
        redis: world().server.url,
        verifiers: night().verifier.address,
        workers: 1,
        scratch: night().scratch,
        lockMs: 1_000,
        graceMs: 0,
        otherNodeMs: 0,
        logLevel: "silent",
        ...options,
      }),
      {
        log: silentLog,
        ...deps,
        timing: { putOffMs: 100, patienceMs: 1_000, pauses: PAUSES, ...deps.timing },
      },
    );
    drafters.push(drafter);
    return drafter;
  };
  const submit = async (
    name: string,
    overrides?: Parameters<ReturnType<typeof night>["plan"]>[1],
  ) => {
    const run = await night().plan(name, overrides);
    await world().add(run);
    return run;
  };
  const states = (run: { runId: string; shards: number }) => world().states(run.runId, run.shards);
  const allDone = (run: { runId: string; shards: number }) =>
    until("all shards are done", async () =>
      (await states(run)).every((one) => one === "completed"),
    );
  const drafting = () => ({ draft: [night().world.draft], draftWidth: [24] });
  const writeHeads = async () => {
    const directory = join(dirname(night().world.draft), "heads");
    const shape = { levels: 3, codesPerLevel: 12, layers: 1, width: 16, heads: 2 };
    const config = { ...shape, levelHeads: true };
    await writeCheckpoint({ directory, seed: 5, config, options: { maxItems: 5 } });
    return directory;
  };
  const finish = async (out: string) => finishRun(await openStore(out));
  /** Skips the pause before another try. */
  const promote = async () => {
    for (const job of await world().queues.shards.getDelayed()) {
      await job.promote().catch(() => undefined);
    }
  };

  it("closes what it has opened if it cannot be announced", async () => {
    const { redis } = world().queues;
    const connections = async () =>
      String(await redis.client("LIST"))
        .trim()
        .split("\n").length;
    const before = await connections();
    let watching = 0;
    const control: DrafterDeps["control"] = {
      watchNodes: () => {
        watching++;
        return {
          nodes: [],
          endpoints: [],
          silence: () => 0,
          onChange: () => () => {},
          close: () => void watching--,
        };
      },
      announce: () => {
        throw new Error("no such name");
      },
    };
    await expect(start({}, { control })).rejects.toThrow("no such name");
    expect(watching).toBe(0);
    await until("its connections to Redis are closed", async () => (await connections()) <= before);
  });

  it("orders and allows items as one machine does, and writes rows per item", async () => {
    const { world: files } = night();
    const [allowLists, userGroups] = [`${files.catalogue}.lists.json`, `${files.catalogue}.csv`];
    const items = Object.keys(JSON.parse(await readFile(files.catalogue, "utf8")));
    await writeFile(
      allowLists,
      JSON.stringify({ some: items.filter((_, at) => at % 3 > 0), all: items }),
    );
    const users = (await readFile(files.histories, "utf8")).trim().split("\n");
    const rows = users.map(
      (line, at) => `${JSON.parse(line).user},${at % 2 === 0 ? "some" : "all"}`,
    );
    await writeFile(userGroups, `user,group\n${rows.join("\n")}\n`);
    const order = { itemOrder: "histories", itemsPerPath: 2 };
    const request = { ...order, layout: "flat", allowLists, userGroups };
    const run = await submit("ordered", { request });
    await start();
    await allDone(run);
    expect(await finish(run.out)).toMatchObject({ layout: "flat", draftWidths: [{ widths: [] }] });
    const lists = await listsOf(run.out);
    expect(lists).toEqual(await night().alone("ordered-alone", request));
    expect(lists).not.toEqual(night().expected);
  });

  it("finds the lists of one machine, to the last bit", async () => {
    const run = await submit("exact", { request: drafting() });
    await start();
    await allDone(run);
    const { stats } = await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
    expect(stats.searches).toBeGreaterThan(0);
    expect(stats.requestBytes).toBeGreaterThan(0);
    expect(stats.responseBytes).toBeGreaterThan(0);
    expect(stats.computeMs).toBe(3 * (stats.verifyCalls ?? 0));
    expect(stats.busySeconds).toBeGreaterThan(0);
    expect(await readdir(night().scratch)).toEqual([]);
  });

  it("finds them with counted transitions as well", async () => {
    const request = { draft: ["transitions"], draftWidth: [24] };
    const run = await submit("transitions", { request });
    await start({ batchesInFlight: 1, shardsAtOnce: 1 });
    await allDone(run);
    await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
  });

  it("finds them with a heads draft as well", async () => {
    const request = { draft: [await writeHeads()], draftWidth: [24] };
    const run = await submit("heads", { request });
    await start({ batchesInFlight: 1, shardsAtOnce: 1 });
    await allDone(run);
    await finish(run.out);
    expectSame(await listsOf(run.out), night().expected);
  });

  it("draws what one machine draws, and for each of equal users their own", async () => {
    const { world: files, scratch, alone } = night();
    const [first = ""] = (await readFile(files.histories, "utf8")).split("\n");
    const twins = Array.from({ length: 40 }, (_, n) =>
      first.replace(/"user":"[^"]*"/, `"user":"t${n}"`),
    );
    const histories = `${scratch}.twins.jsonl`;
    await writeFile(histories, `${twins.join("\n")}\n`);
    const block = `${scratch}.blocked.txt`;
    const items = Object.keys(JSON.parse(await readFile(files.catalogue, "utf8")));
    await writeFile(block, items.filter((_, at) => at % 3 === 0).join("\n"));
    await start();
    const drawn = { verification: "sampled", seed: 7 };
    const relaxed = { ...drawn, ...drafting(), verification: "relaxed" };
    const requests: [name: string, request: Record<string, unknown>][] = [
      ["sampled", { ...drawn, histories, ...drafting() }],
      ["relaxed", { ...relaxed, temperature: 0.5, block }],
      ["relaxed by heads", { ...relaxed, draft: [await writeHeads()], drafted: "beam" }],
    ];
    for (const [name, request] of requests) {
      const run = await submit(name, { request });
      await allDone(run);
      await finish(run.out);
      const lists = await listsOf(run.out);
      expectSame(lists, await alone(`${name} alone`, request));
      const different = new Set(lists.map((one) => JSON.stringify(one.items)));
      expect(different.size, name).toBeGreaterThan(0.75 * lists.length);
    }
  });

  it("calls no verifier and commits nothing once a lock is lost", async () => {
    const { verifier } = night();
    verifier.hold = true;
    const before = verifier.calls.length;
    const run = await submit("lost lock");
    // No drafter finds the shard again in this test.
    await start({ stallCheckMs: 60_000, shardsAtOnce: 1, batchesInFlight: 2 });
    await until("calls are in progress", () => verifier.calls.length > before);
    const [index] = (await states(run)).flatMap((state, at) => (state === "active" ? at : []));
    await world().queues.shards.pause();
    await world().deleteLock(run.runId, index ?? -1);
    const since = performance.now();
    const mine = () => verifier.calls.slice(before);
    await until("calls are cancelled", () => mine().every(({ signal }) => signal.aborted));
    expect(performance.now() - since).toBeLessThan(1_500);
    const asked = verifier.calls.length;
    verifier.hold = false;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(verifier.calls.length).toBe(asked);
    expect(await readdir(join(run.out, "commits")).catch(() => [])).toEqual([]);
    await world().queues.shards.resume();
  });

  it("fails a shard that cannot be read, and does the others", async () => {
    const run = await night().plan("poison");
    const inputs = join(run.out, "inputs");
    const [, second = ""] = (await readdir(inputs)).toSorted();
    await writeFile(join(inputs, second), "no rows\n");
    await world().add(run);
    await start();
    await until("all have ended", async () => {
      await promote();
      return (await states(run)).every((one) => one === "completed" || one === "failed");
    });
    expect((await states(run)).indexOf("failed")).toBe(1);
    const job = await world().queues.shards.getJob(`${run.runId}-s00001`);
    expect(job?.data.failures).toMatchObject([{ blame: "shard", times: 3 }]);
    expect(job?.failedReason).toContain(second);
  });

  it("tries shards again whose decode thread died", async () => {
    const run = await submit("dead thread", { request: drafting() });
    await mkdir(night().scratch, { recursive: true });
    const threadFile = new URL("./support/once-dying-thread.mjs", import.meta.url);
    await start({}, { threadFile });
    await until("all shards are done", async () => {
      await promote();
      return (await states(run)).every((one) => one === "completed");
    });
    await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
    expect(await readFile(join(night().scratch, "died"), "utf8")).toBe("");
  });

  it("puts shards off while there is no verifier, and does them when one appears", async () => {
    const port = await freePort();
    const run = await submit("nobody");
    await start({ verifiers: `127.0.0.1:${port}` });
    await until("put-off", async () => (await states(run)).includes("delayed"));
    const late = await startModelVerifier(night().world, { port });
    try {
      await allDone(run);
      const job = await world().queues.shards.getJob(`${run.runId}-s00000`);
      expect(job?.attemptsMade).toBe(1);
      expect(job?.attemptsStarted).toBeGreaterThan(1);
      await finish(run.out);
      expect(await listsOf(run.out)).toEqual(night().expected);
    } finally {
      await late.close();
    }
  });

  it.each(["catalogue", "prompts"])("fails if its %s is not the planned one", async (what) => {
    const planned = "f".repeat(64);
    const run = await submit(`another ${what}`, { versions: { [what]: planned } });
    await start();
    await until("failed", async () => {
      await promote();
      return (await states(run))[0] === "failed";
    });
    const { catalogue, target } = night().world;
    const [reason = ""] = await world().reasons(run.runId, 1);
    expect(reason).toContain(planned);
    expect(reason).toContain(what === "catalogue" ? catalogue : target);
    expect(reason.match(/[0-9a-f]{64}/g)).toHaveLength(2);
  });

  it("warns of another draft, and finds the same lists", async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message) };
    const versions = { draft: "e".repeat(64) };
    const run = await submit("another draft", { request: drafting(), versions });
    await start({}, { log: { ...log, child: () => log } });
    await allDone(run);
    await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
    expect(warnings).toContain("a draft differs from the planned one; no list depends on it");
  });

  it("draws nothing by another draft than the planned one", async () => {
    const planned = "e".repeat(64);
    const request = { ...drafting(), verification: "relaxed" };
    const run = await submit("relaxed by another", { request, versions: { draft: planned } });
    await start({ otherNodeMs: 60_000 });
    const failures = async () =>
      (await world().queues.shards.getJob(`${run.runId}-s00000`))?.data.failures ?? [];
    await until("it has failed", async () => (await failures()).length > 0);
    const [failure] = await failures();
    expect(failure?.blame).toBe("node");
    expect(failure?.reason).toContain(`the draft at ${night().world.draft} is `);
    expect(failure?.reason).toContain(planned);
  });

  it("continues when Redis was killed in the middle and is back", async () => {
    const { verifier } = night();
    verifier.hold = true;
    const before = verifier.calls.length;
    const run = await submit("redis killed");
    await start();
    await until("calls are in progress", () => verifier.calls.length > before);
    await world().server.kill();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await world().server.restart();
    verifier.hold = false;
    await allDone(run);
    await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
  });

  it("waits for a store that takes no files, and writes the lists that it has computed", async () => {
    const run = await submit("store full");
    // No directory can be made at its place.
    await writeFile(join(run.out, "parts"), "");
    const waits: unknown[] = [];
    const log: Log = {
      ...silentLog,
      child: () => log,
      warn: (fields, message) =>
        void (message.includes("wait for the store") && waits.push(fields)),
    };
    await start({}, { log });
    await until("shards wait", () => waits.length >= 2);
    expect((await states(run)).toSorted()).toEqual(["active", "active", "waiting", "waiting"]);
    const asked = night().verifier.calls.length;
    await rm(join(run.out, "parts"));
    await allDone(run);
    expect(asked).toBeLessThan(night().verifier.calls.length);
    const job = await world().queues.shards.getJob(`${run.runId}-s00000`);
    expect(job?.attemptsStarted).toBe(1);
    await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
  });

  it("leaves a run to a healthy drafter if its own disk takes no files", async () => {
    const run = await night().plan("bad disk");
    const scratch = join(night().scratch, "bad");
    const timing = { reportMs: 100, pauses: { ...PAUSES, own: { minMs: 60_000, maxMs: 60_000 } } };
    const options = { otherNodeMs: 60_000, shardsAtOnce: 1 };
    await start({ name: "bad", scratch, ...options }, { timing });
    await rm(scratch, { recursive: true });
    await writeFile(scratch, "");
    await world().add(run);
    const { queues } = world();
    await until("it reports itself", async () => {
      await promote();
      return (await listFaults(queues)).length > 0;
    });
    expect(await listFaults(queues)).toMatchObject([
      {
        kind: "node_failing",
        node: "bad",
        runId: run.runId,
        message: expect.stringContaining(scratch),
      },
    ]);
    await start({ name: "good", ...options }, { timing });
    await until("all shards are done", async () => {
      await promote();
      return (await states(run)).every((one) => one === "completed");
    });
    await finish(run.out);
    expect(await listsOf(run.out)).toEqual(night().expected);
    await rm(scratch);
  });

  it("does not decode a shard that is committed already", async () => {
    const run = await submit("twice");
    await start();
    await allDone(run);
    const asked = night().verifier.calls.length;
    await world().queues.redis.flushall();
    await world().add(run);
    await allDone(run);
    expect(night().verifier.calls.length).toBe(asked);
    const job = await world().queues.shards.getJob(`${run.runId}-s00000`);
    expect(job?.returnvalue).toMatchObject({ index: 0, created: false, rows: 10 });
  });

  it("finds verifiers over NATS, is listed there, and stops when it is asked to", async () => {
    const nats = await startNatsServer({ jetstream: false });
    const open = (name: string) => openControl({ servers: nats.url, name, log: silentLog });
    const [control, other] = [await open("drafter"), await open("other")];
    try {
      const { verifier } = night();
      other.announce(
        () => ({
          ...{ role: "verifier", id: "v", address: verifier.address, draining: false },
          ...{ waitingTokens: 0, runningTokens: 0, version: "1.0.0" },
        }),
        { onDrain: () => undefined },
      );
      const listed = other.watchNodes("drafter");
      const run = await submit("nats");
      const drafter = await start({ verifiers: undefined, name: "d" }, { control });
      await allDone(run);
      await until("it is listed", () => listed.nodes.some(({ id }) => id === "d"));
      expect(listed.nodes[0]).toMatchObject({
        role: "drafter",
        namedVerifiers: 0,
        draining: false,
      });
      await other.drain("d");
      expect(await drafter.finished).toBe(0);
      await until("it is listed no more", () => listed.nodes.length === 0);
    } finally {
      await control.close();
      await other.close();
      await nats.stop();
    }
  });
});

/** The same users and items in the same order; a filter's scores are the same except for rounding. */
function expectSame(lists: readonly Recommendation[], expected: readonly Recommendation[]): void {
  const itemsOf = (all: readonly Recommendation[]) =>
    all.map(({ user, items }) => ({ user, items: items.map(({ item }) => item) }));
  expect(itemsOf(lists)).toEqual(itemsOf(expected));
  lists.forEach(({ items }, at) => {
    items.forEach(({ score }, rank) => {
      expect(score).toBeCloseTo(expected[at]?.items[rank]?.score ?? Number.NaN, 9);
    });
  });
}
