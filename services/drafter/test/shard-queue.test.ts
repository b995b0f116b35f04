import { cancelRun, parseJob, type ShardJobResult, shardJobId } from "@nightbeam/queue";
import { systemClock } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { noMetrics } from "@nightbeam/telemetry";
import { until } from "@nightbeam/testing";
import { afterEach, describe, expect, it } from "vitest";
import type { TakenShard } from "../src/jobs/job-handler.js";
import { ShardQueue } from "../src/jobs/shard-queue.js";
import { ShardStopped } from "../src/shard/stop.js";
import { ShardPolicy } from "../src/standing/shard-policy.js";
import { ShardFailure } from "../src/thread/decode-thread.js";
import type { Failure } from "../src/thread/messages.js";
import { useQueues } from "./support/queue-world.js";
import { startProxy } from "./support/wayward-proxy.js";

const LOCK_MS = 600;
const RUN = "night-1";

describe("the queue of shards", () => {
  const world = useQueues();
  const open: ShardQueue[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((queue) => queue.close(0)));
  });

  const start = async (
    work: (shard: TakenShard) => Promise<ShardJobResult>,
    {
      name = "test",
      concurrency = 1,
      redisUrl = world().server.url,
      stuckMs = 2_000,
      otherNodeMs = 0,
      hasVerifiers = (): boolean => true,
      log = silentLog,
    } = {},
  ) => {
    const policy = new ShardPolicy({
      node: name,
      maxFailures: 3,
      otherNodeMs,
      waitOutMs: 60_000,
      pauses: { own: { minMs: 300, maxMs: 300 }, passing: { minMs: 20, maxMs: 50 } },
      hasVerifiers,
      clock: systemClock,
      log,
    });
    const queue = await ShardQueue.open({
      metrics: noMetrics,
      redisUrl,
      prefix: world().queues.prefix,
      policy,
      name,
      concurrency,
      lockMs: LOCK_MS,
      stallCheckMs: 200,
      stuckMs,
      putOffMs: 100,
      clock: systemClock,
      log,
      work,
    });
    open.push(queue);
    return Object.assign(queue, { policy });
  };
  /** Skips the pauses before another try. */
  const promote = async () => {
    for (const job of await world().queues.shards.getDelayed()) {
      await job.promote().catch(() => undefined);
    }
  };

  it("keeps the locks of shards that take longer than a lock lasts", async () => {
    const starts: string[] = [];
    const held: boolean[] = [];
    await world().add({ runId: RUN, shards: 2 });
    await start(
      async (shard) => {
        starts.push(shard.id);
        await sleep(3 * LOCK_MS);
        held.push(shard.lease.isHeld && !shard.signal.aborted);
        return done(shard);
      },
      { concurrency: 2 },
    );
    await until("all done", async () => (await world().states(RUN, 2)).every(isCompleted));
    expect(starts).toHaveLength(2);
    expect(held).toEqual([true, true]);
  });

  it("stops a shard whose lock is lost, and leaves the job to others", async () => {
    const stops: string[] = [];
    await world().add({ runId: RUN, shards: 1 });
    await start(async (shard) => {
      if (stops.length > 0) return done(shard);
      expect(shard.lease.isHeld).toBe(true);
      await world().deleteLock(RUN, 0);
      stops.push(await stopOf(shard));
      expect(shard.lease.isHeld).toBe(false);
      throw shard.signal.reason;
    });
    await until("it was done by a second try", async () =>
      (await world().states(RUN, 1)).every(isCompleted),
    );
    expect(stops).toEqual(["lock-lost"]);
  });

  it("stops a shard when Redis is silent for as long as a lock lasts", async () => {
    await world().add({ runId: RUN, shards: 1 });
    let silentMs = 0;
    let tries = 0;
    await start(async (shard) => {
      if (tries++ > 0) return done(shard);
      world().server.pause();
      const before = performance.now();
      const stop = await stopOf(shard);
      silentMs = performance.now() - before;
      world().server.resume();
      expect(stop).toBe("lock-lost");
      throw shard.signal.reason;
    });
    await until("done later", async () => (await world().states(RUN, 1)).every(isCompleted));
    expect(silentMs).toBeLessThan(LOCK_MS + 300);
  });

  it("waits out trouble of verifiers and of the store, without counting it", async () => {
    let tries = 0;
    await world().add({ runId: RUN, shards: 1 });
    await start(async (shard) => {
      // More often than a shard may fail.
      if (tries++ < 6) throw failure(tries % 2 === 0 ? "store" : "verifiers");
      return done(shard);
    });
    await until("done", async () => {
      await promote();
      return (await world().states(RUN, 1)).every(isCompleted);
    });
    expect(tries).toBe(7);
    expect((await world().queues.shards.getJob(`${RUN}-s00000`))?.data.failures).toBeUndefined();
  });

  it("fails a shard for good after its attempts if there is no other drafter, and does the others", async () => {
    await world().add({ runId: RUN, shards: 3 });
    let tries = 0;
    await start(async (shard) => {
      if (indexOf(shard) !== 1) return done(shard);
      tries++;
      throw failure("shard");
    });
    const expected = ["completed", "failed", "completed"];
    await until("ended", async () => {
      await promote();
      return (await world().states(RUN, 3)).join() === expected.join();
    });
    expect(tries).toBe(4);
    expect((await world().reasons(RUN, 3))[1]).toMatch(/failed on test \(4 times\).*: bad luck/);
    const { logs } = await world().queues.shards.getJobLogs(shardJobId(RUN, 1));
    expect(logs).toHaveLength(4);
    expect(logs[0]).toMatch(/^\d{4}-.*Z test failed: bad luck$/);
  });

  it("leaves the shards that one node cannot do to another one", async () => {
    await world().add({ runId: RUN, shards: 8 });
    const [bad, good] = [{ tries: 0 }, { tries: 0 }];
    const failing = await start(
      async () => {
        bad.tries++;
        throw failure("node");
      },
      { name: "bad", otherNodeMs: 60_000 },
    );
    await until("it has failed 3 times", () => bad.tries === 3);
    await until("it has stopped", () => failing.policy.refuses.length === 1);
    expect(failing.policy.faults()).toMatchObject([
      { kind: "node_failing", node: "bad", subject: "bad", runId: RUN },
    ]);
    await start(
      async (shard) => {
        good.tries++;
        return done(shard);
      },
      { name: "good" },
    );
    await until("all are done", async () => {
      await promote();
      return (await world().states(RUN, 8)).every(isCompleted);
    });
    expect(good.tries).toBe(8);
  });

  it("fails a shard for good once two nodes blame it, and names both", async () => {
    await world().add({ runId: RUN, shards: 1 });
    const work = async (): Promise<ShardJobResult> => {
      throw failure("shard");
    };
    for (const name of ["here", "there"]) {
      const queue = await start(work, { name, otherNodeMs: 60_000 });
      queue.policy.redisAnswered({
        now: Date.now(),
        live: [
          { name: "here", version: "1", refuses: [], isBlind: false },
          { name: "there", version: "1", refuses: [], isBlind: false },
        ],
      });
    }
    await until("failed", async () => {
      await promote();
      return (await world().states(RUN, 1))[0] === "failed";
    });
    const [reason = ""] = await world().reasons(RUN, 1);
    expect(reason).toMatch(/^shard 0 failed on 2 nodes\. /);
    expect(reason).toMatch(/here: bad luck/);
    expect(reason).toMatch(/there: bad luck/);
  });

  it("leaves a job with unknown fields to a newer node, and keeps the fields", async () => {
    await world().add({ runId: RUN, shards: 1 });
    const job = await world().queues.shards.getJob(`${RUN}-s00000`);
    const newer = { ...job?.data, priority: 3 };
    if (job !== undefined) await job.updateData(Object.assign({}, job.data, newer));
    const older = await start(
      async (shard) => {
        parseJob("shard", shard.data);
        return done(shard);
      },
      { name: "older", otherNodeMs: 60_000 },
    );
    await until("refused", () => older.policy.refuses.length === 1);
    const seen: unknown[] = [];
    await start(
      async (shard) => {
        seen.push(shard.data);
        return done(shard);
      },
      { name: "newer" },
    );
    await until("done", async () => {
      await promote();
      return (await world().states(RUN, 1)).every(isCompleted);
    });
    expect(seen).toMatchObject([
      { priority: 3, failures: [{ node: "older", blame: "version", times: 1 }] },
    ]);
  });

  it("takes nothing while no verifier is known", async () => {
    let known = false;
    await world().add({ runId: RUN, shards: 2 });
    const queue = await start(async (shard) => done(shard), { hasVerifiers: () => known });
    await sleep(200);
    expect(await world().states(RUN, 2)).toEqual(["waiting", "waiting"]);
    expect(queue.policy.reasons).toEqual(["no verifier is known"]);
    known = true;
    queue.takeOrHold();
    await until("done", async () => (await world().states(RUN, 2)).every(isCompleted));
  });

  it("stops the shards of a cancelled run, and removes their jobs", async () => {
    let stop = "";
    await world().add({ runId: RUN, shards: 2 });
    await start(async (shard) => {
      const { signal } = shard.cancelled(RUN);
      signal.addEventListener("abort", () => shard.stop({ kind: "cancelled" }));
      const cancelling = cancelRun(world().queues, { runId: RUN, shards: [0, 1], now: Date.now() });
      stop = await stopOf(shard);
      await cancelling;
      throw shard.signal.reason;
    });
    await until("gone", async () =>
      (await world().states(RUN, 2)).every((one) => one === "missing"),
    );
    expect(stop).toBe("cancelled");
  });

  it("hands shards back when it closes before they are done", async () => {
    const stops: string[] = [];
    await world().add({ runId: RUN, shards: 2 });
    const queue = await start(
      async (shard) => {
        stops.push(await stopOf(shard));
        throw shard.signal.reason;
      },
      { concurrency: 2 },
    );
    await until("both are active", async () => (await world().states(RUN, 2)).every(isActive));
    await queue.close(50);
    expect(stops).toEqual(["shutdown", "shutdown"]);
    expect((await world().states(RUN, 2)).some(isActive)).toBe(false);
    await start(async (shard) => done(shard));
    await until("done", async () => (await world().states(RUN, 2)).every(isCompleted));
  });

  it("finishes the shards that end within the grace", async () => {
    await world().add({ runId: RUN, shards: 2 });
    const queue = await start(async (shard) => {
      await sleep(200);
      return done(shard);
    });
    await until("one is active", async () => (await world().states(RUN, 2)).some(isActive));
    await queue.close(5_000);
    expect((await world().states(RUN, 2)).toSorted()).toEqual(["completed", "waiting"]);
  });

  it("takes shards again when Redis was killed and is back", async () => {
    const queue = await start(async (shard) => done(shard));
    await world().add({ runId: RUN, shards: 1 });
    await until("done", async () => (await world().states(RUN, 1)).every(isCompleted));
    await world().server.kill();
    await until("noticed", () => !queue.isConnected);
    await sleep(300);
    await world().server.restart();
    await world().add({ runId: "night-2", shards: 3 });
    const since = performance.now();
    await until("done", async () => (await world().states("night-2", 3)).every(isCompleted));
    expect(performance.now() - since).toBeLessThan(5_000);
  });

  it("replaces a connection that does not recover although Redis is up", async () => {
    const proxy = await startProxy(world().server.port);
    const warnings: string[] = [];
    try {
      const queue = await start(async (shard) => done(shard), {
        redisUrl: `redis://127.0.0.1:${proxy.port}`,
        stuckMs: 400,
        log: { ...silentLog, warn: (_, message) => void warnings.push(message) },
      });
      // The connection, the worker's blocking one, and the subscription for cancelled runs.
      proxy.cut(3);
      await until("noticed", () => !queue.isConnected);
      await world().add({ runId: RUN, shards: 2 });
      await until("done", async () => (await world().states(RUN, 2)).every(isCompleted));
      expect(queue.isConnected).toBe(true);
      expect(warnings).toContain("the Redis connection is stuck; reconnecting");
    } finally {
      await Promise.all(open.splice(0).map((queue) => queue.close(0)));
      await proxy.close();
    }
  });

  it("closes while Redis is away", async () => {
    await world().add({ runId: RUN, shards: 1 });
    let stop = "";
    const queue = await start(async (shard) => {
      stop = await stopOf(shard);
      throw shard.signal.reason;
    });
    await until("active", async () => (await world().states(RUN, 1)).every(isActive));
    await world().server.kill();
    const since = performance.now();
    await queue.close(0);
    expect(performance.now() - since).toBeLessThan(3_000);
    await world().server.restart();
    expect(stop).not.toBe("");
  });
});

function failure(blame: Failure["blame"]): ShardFailure {
  return new ShardFailure({ blame, code: "X", message: "bad luck" });
}

function done({ data }: TakenShard): ShardJobResult {
  return { index: indexOf({ data }), created: true, rows: 10, sha256: "0".repeat(64) };
}

function indexOf({ data }: { data: unknown }): number {
  return typeof data === "object" && data !== null && "index" in data ? Number(data.index) : -1;
}

/** Waits until a shard is stopped, and returns the reason. */
function stopOf({ signal }: TakenShard): Promise<string> {
  const kind = () => (signal.reason instanceof ShardStopped ? signal.reason.stop.kind : "?");
  return new Promise((resolve) => {
    if (signal.aborted) resolve(kind());
    signal.addEventListener("abort", () => resolve(kind()));
  });
}

const isCompleted = (state: string) => state === "completed";
const isActive = (state: string) => state === "active";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
