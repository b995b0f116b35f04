import type { RunStateName } from "@nightbeam/api";
import { submitSchema } from "@nightbeam/api";
import { openQueues } from "@nightbeam/queue";
import { silentLog } from "@nightbeam/service/log";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import type { NewAlarm } from "../../src/alarms/alarm.js";
import type { RunView } from "../../src/runs/run-view.js";
import { openRunWatch } from "../../src/runs/watch/run-watch.js";

const MINUTE = 60_000;
const START = Date.parse("2026-11-21T02:00:00Z");

describe("the watch of runs", () => {
  const redis = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false });
  redis.on("error", () => undefined);
  const queues = openQueues({ redis });
  afterAll(async () => {
    await queues.close();
    redis.disconnect();
  });

  it("tells what stands still without Redis, and leaves what another process raised alone", async () => {
    const cluster = shared();
    const one = watch(cluster);
    one.see(view({ done: 1 }));
    await one.check();
    expect(cluster.kinds()).toEqual([]);
    cluster.pass(5 * MINUTE);
    one.failed("r-1", new Error("no space left"));
    await one.check();
    expect(cluster.kinds()).toEqual(["night_late", "run_stalled"]);
    expect(cluster.message("run_stalled")).toMatch(/stands still: Redis does not answer: .*ECONNR/);
    expect(one.reason(view({ done: 1 }))).toMatch(/^Redis does not answer/);
    // A scheduler that has just started knows no better.
    const other = watch(cluster);
    other.see(view({ done: 1 }));
    await other.check();
    expect(cluster.kinds()).toEqual(["night_late", "run_stalled"]);
    one.see(view({ done: 2 }));
    await one.check();
    expect(cluster.kinds()).toEqual([]);
  });

  it("estimates when a run ends, and says that it will be late, and is", async () => {
    const cluster = shared();
    const one = watch(cluster);
    const steps = [1, 2, 3].map((done) => view({ done, dueAt: START + 12 * MINUTE }));
    for (const step of steps) {
      cluster.pass(MINUTE);
      one.see(step);
      await one.check();
    }
    // Two shards in two minutes, and seven are missing.
    expect(one.expectedAt("r-1")).toBe(new Date(START + 10 * MINUTE).toISOString());
    expect(cluster.kinds()).toEqual([]);
    cluster.pass(2 * MINUTE);
    await one.check();
    expect(cluster.message("night_late")).toMatch(/ends at .* \(3 of 10 shards are done\)/);
    cluster.pass(MINUTE);
    one.see(view({ done: 10, dueAt: START + 12 * MINUTE }));
    await one.check();
    expect(cluster.kinds()).toEqual([]);
    cluster.pass(10 * MINUTE);
    await one.check();
    expect(cluster.message("night_late missed")).toMatch(/was due .* is running, 10 of 10/);
    one.see(view({ done: 10, state: "complete" }));
    expect(cluster.kinds()).toEqual([]);
  });

  function watch(cluster: ReturnType<typeof shared>) {
    return openRunWatch({
      queues,
      alarms: cluster.alarms,
      verifierWatch: {
        reason: () => undefined,
        unverified: () => undefined,
        check: () => undefined,
        forget: () => undefined,
      },
      planner: { readRows: () => undefined, failure: () => undefined },
      clock: { now: () => START + cluster.elapsed() },
      elapsed: cluster.elapsed,
      log: silentLog,
      drafters: () => undefined,
      rowsUnderWay: async () => 0,
      onFacts: () => undefined,
      stalledAfterMs: 5 * MINUTE,
    });
  }
});

/** What schedulers share, and the time. */
function shared() {
  let elapsed = 0;
  const all = new Map<string, NewAlarm>();
  return {
    elapsed: () => elapsed,
    pass: (ms: number) => {
      elapsed += ms;
    },
    kinds: () => [...new Set([...all.values()].map(({ kind }) => kind))].sort(),
    message: (start: string) => [...all].find(([key]) => key.startsWith(start))?.[1].message,
    alarms: {
      raise: (alarm: NewAlarm) => void all.set(`${alarm.kind} ${alarm.subject}`, alarm),
      mend: ({ kind, subject }: Partial<NewAlarm>) => {
        for (const [key, alarm] of all) {
          const isOther = subject !== undefined && alarm.subject !== subject;
          if (alarm.kind === kind && !isOther) all.delete(key);
        }
      },
    },
  };
}

/** A run of ten shards with one row each. */
function view(given: { done: number; state?: RunStateName; dueAt?: number }): RunView {
  const { done, state = "running", dueAt = START + 600 * MINUTE } = given;
  const submission = submitSchema.parse({
    target: "/t",
    catalogue: "/c",
    histories: "/h",
    out: "/o",
  });
  const commits = Array.from({ length: done }, (_, index) => ({ index, rowCount: 1 }));
  const seen = {
    record: {
      ...{ runId: "r-1", night: "beauty", out: "/o", submission, request: submission },
      submittedAt: new Date(START).toISOString(),
      dueAt: new Date(dueAt).toISOString(),
    },
    state,
    standing: { plan: {}, rows: 10, shards: 10 },
    commits,
    missing: Array.from({ length: 10 - done }, (_, index) => ({ index, firstRow: 0, rows: 1 })),
  };
  // Only what the watch reads.
  return Object.assign(Object.create(null), seen);
}
