import { cancelRun, type ShardJobResult } from "@nightbeam/queue";
import { systemClock } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { until } from "@nightbeam/testing";
import { afterEach, describe, expect, it } from "vitest";
import { ShardQueue, type TakenShard } from "../src/jobs/shard-queue.js";
import { ShardStopped } from "../src/shard/stop.js";
import { ShardFailure } from "../src/thread/decode-thread.js";
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
    { concurrency = 1, redisUrl = world().server.url, stuckMs = 2_000, log = silentLog } = {},
  ) => {
    const queue = await ShardQueue.open({
      redisUrl,
      prefix: world().queues.prefix,
      name: "test",
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
    return queue;
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

  it("puts off a shard without a verifier, without counting an attempt", async () => {
    let tries = 0;
    await world().add({ runId: RUN, shards: 1 });
    await start(async (shard) => {
      // More often than a shard may fail.
      if (tries++ < 6)
        throw new ShardFailure({ kind: "no-verifier", code: "NO_VERIFIER", message: "nobody" });
      return done(shard);
    });
    await until("done", async () => (await world().states(RUN, 1)).every(isCompleted));
    expect(tries).toBe(7);
  });

  it("fails a shard permanently if no attempt can succeed, and does the others", async () => {
    await world().add({ runId: RUN, shards: 3 });
    await start(async (shard) => {
      if (indexOf(shard) === 1)
        throw new ShardFailure({ kind: "fatal", code: "VERSION_DIFFERS", message: "another file" });
      return done(shard);
    });
    const expected = ["completed", "failed", "completed"];
    await until("ended", async () => (await world().states(RUN, 3)).join() === expected.join());
    expect((await world().reasons(RUN, 3))[1]).toBe("another file");
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
