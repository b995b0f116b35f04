import { silentLog } from "@nightbeam/service/log";
import { StoreError } from "@nightbeam/store";
import { noMetrics } from "@nightbeam/telemetry";
import { until } from "@nightbeam/testing";
import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { openReconciler, type Reconciler } from "../src/runs/reconciler.js";

describe("the reconciler", () => {
  const redis = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false });
  redis.on("error", () => undefined);
  const open: Reconciler[] = [];
  afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));

  it("lets a run whose store hangs hold up no other", async () => {
    const { reconciler } = make();
    const done: string[] = [];
    // Noted when it happens: a slow machine may look too late to see exactly two.
    let isTwice = false;
    reconciler.start({
      open: async () => ["hangs", "works"],
      reconcile: async (runId) => {
        done.push(runId);
        isTwice ||= done.filter((id) => id === "works").length === 2;
        return runId === "hangs" ? new Promise(() => undefined) : undefined;
      },
    });
    await until("the other was reconciled twice", () => isTwice);
    expect(done.filter((runId) => runId === "hangs")).toHaveLength(1);
  });

  it("leaves a run that takes long alone for a while, unless it is woken", async () => {
    const { reconciler } = make({ patienceMs: 5_000 });
    const done: string[] = [];
    const count = (runId: string) => done.filter((id) => id === runId).length;
    reconciler.start({
      open: async () => ["long", "short"],
      reconcile: async (runId) => {
        done.push(runId);
        if (runId === "long") await new Promise((resolve) => setTimeout(resolve, 500));
        return undefined;
      },
    });
    await until("the other was reconciled five times", () => count("short") >= 5);
    expect(count("long")).toBe(1);
    reconciler.wake("long");
    await until("it was reconciled again", () => count("long") === 2);
  });

  it("raises an alarm if the state cannot be read for a while, and ends it", async () => {
    const { reconciler, standing } = make();
    let fails: "throws" | "hangs" | undefined = "throws";
    reconciler.start({
      open: async () => {
        if (fails === "throws") throw new StoreError("STORE_FAILED", "no space left");
        return fails === "hangs" ? new Promise(() => undefined) : [];
      },
      reconcile: async () => undefined,
    });
    await until("an alarm", () => /no space left/.test(standing.get("store_failing") ?? ""));
    fails = "hangs";
    await until("the other words", () => /no answer/.test(standing.get("store_failing") ?? ""));
    fails = undefined;
    await until("it has ended", () => standing.size === 0);
  });

  function make({ patienceMs = 20 } = {}) {
    const standing = new Map<string, string>();
    const reconciler = openReconciler({
      queues: { redis, prefix: "{nightbeam}" },
      alarms: {
        raise: ({ kind, message }) => void standing.set(kind, message),
        mend: ({ kind = "run_stuck" }) => void standing.delete(kind),
      },
      watch: { failed: () => undefined, advanced: () => undefined },
      ...{ host: "here", state: "/state", metrics: noMetrics, log: silentLog },
      ...{ everyMs: 5, leaseMs: 1_000, graceMs: 20, patienceMs },
    });
    open.push(reconciler);
    return { reconciler, standing };
  }
});
