import { setTimeout as sleep } from "node:timers/promises";
import { submitSchema } from "@nightbeam/api";
import { RunError } from "@nightbeam/run";
import { silentLog } from "@nightbeam/service/log";
import { StoreError } from "@nightbeam/store";
import { until } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { openPlanner, type PlannerOptions } from "../src/runs/planner.js";
import type { RunRecord } from "../src/runs/run-record.js";
import type { Refusal } from "../src/runs/run-view.js";
import { keyedMutex } from "../src/state/mutex.js";

const request = submitSchema.parse({ target: "/t", catalogue: "/c", histories: "/h", out: "/o" });
const record = (runId: string): RunRecord => {
  const submittedAt = "2026-11-21T02:00:00.000Z";
  return { runId, out: "/o", submission: request, request, submittedAt };
};

function planner(plan: PlannerOptions["plan"], maxIdleMs = 60_000) {
  const refusals: Refusal[] = [];
  const alarms: string[] = [];
  const ended: string[] = [];
  let now = 0;
  const opened = openPlanner({
    plan,
    refusals: {
      create: async (_, refusal) => {
        refusals.push(refusal);
        return true;
      },
    },
    alarms: { raise: ({ message }) => void alarms.push(message) },
    clock: { now: () => now },
    log: silentLog,
    maxIdleMs,
    onEnd: (runId) => void ended.push(runId),
  });
  const pass = (ms: number) => {
    now += ms;
  };
  return { opened, refusals, alarms, ended, pass };
}

describe("a planner", () => {
  it("plans two runs at a time, and each once", async () => {
    let under = 0;
    const planned: string[] = [];
    const { opened, ended } = planner(async ({ runId }, { onRows }) => {
      expect(++under).toBeLessThanOrEqual(2);
      onRows(5);
      await sleep(5);
      under--;
      planned.push(runId);
      return true;
    });
    for (const runId of ["a", "b", "c", "a", "b"]) opened.request(record(runId));
    await sleep(1);
    expect(opened.readRows("a")).toBe(5);
    await opened.close();
    expect(planned).toEqual([]);
    expect(ended).toEqual([]);
  });

  it("retries what may succeed later, with pauses, and reports why it waits", async () => {
    let tries = 0;
    const { opened, refusals, pass } = planner(async () => {
      tries++;
      if (tries < 3) throw new StoreError("STORE_FAILED", "the disk is full.");
      return true;
    });
    for (const [waitMs, expected] of [
      [0, 1],
      [1_999, 1],
      [1, 2],
      [3_999, 2],
      [1, 3],
    ] as const) {
      pass(waitMs);
      opened.request(record("a"));
      await sleep(2);
      expect(tries).toBe(expected);
      expect(opened.failure("a")).toBe(tries < 3 ? "the disk is full" : undefined);
    }
    expect(refusals).toEqual([]);
    await opened.close();
  });

  it("refuses what cannot succeed, once and with an alarm", async () => {
    const { opened, refusals, alarms, ended } = planner(async () => {
      throw new RunError("BAD_REQUEST", "Raise --part-size.");
    });
    opened.request(record("a"));
    await sleep(2);
    expect(refusals).toMatchObject([{ code: "BAD_REQUEST", reason: "Raise --part-size" }]);
    expect(alarms).toEqual([
      "Run a cannot be planned: Raise --part-size. Remove the cause, then run `nightbeam retry a`.",
    ]);
    expect(ended).toEqual(["a"]);
    await opened.close();
  });

  it("gives up a run that makes no progress, and plans and ends without waiting for it", async () => {
    const hangs = () => new Promise<boolean>(() => undefined);
    const plan: PlannerOptions["plan"] = ({ runId }) =>
      runId.startsWith("fifo") ? hangs() : Promise.resolve(true);
    const { opened, refusals, ended } = planner(plan, 30);
    for (const runId of ["fifo-1", "fifo-2", "fine"]) opened.request(record(runId));
    await until("all have ended", async () => ended.length === 3);
    expect(ended.toSorted()).toEqual(["fifo-1", "fifo-2", "fine"]);
    expect(refusals.map(({ code }) => code)).toEqual(["PLANNING_STUCK", "PLANNING_STUCK"]);
    const stopped = planner(plan);
    stopped.opened.request(record("fifo-1"));
    stopped.opened.request(record("fine"));
    await until("the other is planned", async () => stopped.ended.includes("fine"));
    await stopped.opened.close();
    expect(stopped.refusals).toEqual([]);
  });

  it("does not plan a run that another scheduler plans, nor a cancelled one", async () => {
    const elsewhere = planner(async () => false);
    elsewhere.opened.request(record("a"));
    await sleep(2);
    expect(elsewhere.ended).toEqual([]);
    const cancelled = planner(async (_, { signal }) => {
      await sleep(10_000, undefined, { signal });
      return true;
    });
    cancelled.opened.request(record("a"));
    await sleep(2);
    cancelled.opened.abort("a");
    await sleep(2);
    expect(cancelled.refusals).toEqual([]);
    expect(cancelled.ended).toEqual(["a"]);
    await Promise.all([elsewhere.opened.close(), cancelled.opened.close()]);
  });
});

describe("a keyed mutex", () => {
  it("runs one at a time per key, even if others fail", async () => {
    const mutex = keyedMutex();
    const order: string[] = [];
    const work = (name: string, ms: number) => async () => {
      order.push(`${name} in`);
      await sleep(ms);
      order.push(`${name} out`);
      if (name === "a") throw new Error("a failed");
    };
    const first = mutex.run("k", work("a", 5));
    const second = mutex.run("k", work("b", 1));
    const other = mutex.run("l", work("c", 1));
    await expect(first).rejects.toThrow("a failed");
    await Promise.all([second, other]);
    expect(order.indexOf("b in")).toBeGreaterThan(order.indexOf("a out"));
    expect(order.indexOf("c out")).toBeLessThan(order.indexOf("a out"));
  });
});
