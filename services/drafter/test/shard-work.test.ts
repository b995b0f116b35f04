import { type Log, silentLog } from "@nightbeam/service/log";
import { StoreError } from "@nightbeam/store";
import { noTracing } from "@nightbeam/telemetry";
import { FakeTime, settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { TakenShard } from "../src/jobs/job-handler.js";
import type { RunStore, WrittenShard } from "../src/run-store.js";
import { ShardWork } from "../src/shard/shard-work.js";
import { ShardStopped, type StopCause } from "../src/shard/stop.js";
import type { ShardProgress } from "../src/thread/messages.js";

const OURS = "a".repeat(64);
const THEIRS = "b".repeat(64);

function record(sha256: string): WrittenShard {
  return {
    index: 3,
    file: "parts/x.parquet",
    attempt: `a1-${sha256.slice(0, 12)}`,
    rows: 9,
    rejected: 1,
    bytes: 100,
    sha256,
    firstRow: 30,
    rowCount: 10,
    stats: {},
  };
}

const written = record(OURS);

function setup(
  options: {
    committed?: string;
    commitsFirst?: string;
    timeoutMs?: number;
    /** How many commits the store refuses. */
    refusals?: number;
  } = {},
) {
  const clock = new FakeTime();
  const events: string[] = [];
  const told: object[] = [];
  const closings: string[] = [];
  const cancelled = new AbortController();
  const controller = new AbortController();
  let held = true;
  let refusals = options.refusals ?? 0;
  const waits: string[] = [];
  let finish: (result: WrittenShard | Error) => void = () => {};
  let tell: (progress: ShardProgress) => void = () => {};
  const log: Log = {
    ...silentLog,
    child: () => log,
    error: (fields, message) => void events.push(`${message} ${JSON.stringify(fields)}`),
  };
  const store: RunStore = {
    committed: async () =>
      options.committed === undefined ? undefined : record(options.committed),
    commit: async () => {
      events.push("commit");
      if (refusals-- > 0) throw new StoreError("STORE_FAILED", "503 Slow Down");
      const { commitsFirst } = options;
      return {
        created: commitsFirst === undefined,
        record: record(commitsFirst ?? OURS),
        same: commitsFirst !== THEIRS,
      };
    },
    discard: async () => void events.push("discard"),
    close: () => void closings.push("close"),
  };
  const work = new ShardWork({
    name: "drafter-1",
    openStore: async () => store,
    clock,
    tracing: noTracing,
    log,
    timeoutMs: options.timeoutMs,
    thread: {
      decode: (order, job) => {
        events.push(`decode ${order.index}`);
        tell = job.onProgress;
        return new Promise((resolve, reject) => {
          job.signal.addEventListener("abort", () => reject(job.signal.reason));
          finish = (result) => (result instanceof Error ? reject(result) : resolve(result));
        });
      },
    },
  });
  const shard: TakenShard = {
    id: "night-s00003",
    data: { runId: "night", location: "/run", index: 3, rows: 10 },
    attempt: 1,
    signal: controller.signal,
    traceparent: undefined,
    lease: {
      get isHeld() {
        return held;
      },
    },
    cancelled: () => ({ signal: cancelled.signal, release: () => undefined }),
    stop: (cause: StopCause) => controller.abort(new ShardStopped(cause)),
    updateProgress: async (progress) => void told.push(progress),
    waitForStore: (reason) => void waits.push(reason),
  };
  return {
    clock,
    events,
    waits,
    told,
    closings,
    cancelled,
    work,
    shard,
    running: (data: unknown = shard.data) => work.run({ ...shard, data }),
    finish: (result: WrittenShard | Error) => finish(result),
    tell: (users: number) => tell({ users, searches: users, calls: 2 * users, nodes: 9 }),
    loseLock: () => {
      held = false;
    },
  };
}

describe("a shard's work", () => {
  it("leads from the job to the commit", async () => {
    const { running, events, finish, work, closings } = setup();
    const result = running();
    await settle();
    expect(work.usersInFlight).toBe(10);
    finish(written);
    expect(await result).toEqual({ index: 3, created: true, rows: 10, sha256: OURS });
    expect(events).toEqual(["decode 3", "commit"]);
    expect(closings).toEqual(["close"]);
    expect(work.usersInFlight).toBe(0);
  });

  it("is done at once if the shard is committed already", async () => {
    const { running, events } = setup({ committed: THEIRS });
    expect(await running()).toEqual({ index: 3, created: false, rows: 10, sha256: THEIRS });
    expect(events).toEqual([]);
  });

  it("commits nothing once the lock may have expired", async () => {
    const { running, events, finish, loseLock } = setup();
    const result = running();
    await settle();
    loseLock();
    finish(written);
    await expect(result).rejects.toMatchObject({ code: "ABORTED", stop: { kind: "lock-lost" } });
    expect(events).toEqual(["decode 3", "discard"]);
  });

  it("logs an error if another attempt committed something else", async () => {
    const { running, events, finish } = setup({ commitsFirst: THEIRS });
    const result = running();
    await settle();
    finish(written);
    expect(await result).toMatchObject({ created: false, sha256: THEIRS });
    expect(events.at(-1)).toMatch(/^non-deterministic.*bbbb.*aaaa/);
  });

  it("accepts that another attempt committed the same", async () => {
    const { running, events, finish } = setup({ commitsFirst: OURS });
    const result = running();
    await settle();
    finish(written);
    expect(await result).toMatchObject({ created: false });
    expect(events).toEqual(["decode 3", "commit"]);
  });

  it("reports its progress at most once per second", async () => {
    const { clock, running, told, finish, tell, work } = setup();
    const result = running();
    await settle();
    for (const [users, ms] of [
      [1, 400],
      [2, 400],
      [3, 400],
      [4, 1_000],
      [5, 0],
    ] as const) {
      tell(users);
      await clock.advance(ms);
    }
    expect(told).toEqual([1, 4, 5].map((users) => expect.objectContaining({ users })));
    expect(work.usersInFlight).toBe(5);
    finish(written);
    await result;
  });

  it("ends when it takes too long, and leaves no timer", async () => {
    const { clock, running } = setup({ timeoutMs: 5_000 });
    const result = expect(running()).rejects.toMatchObject({ code: "TIMED_OUT" });
    await settle();
    await clock.advance(5_000);
    await result;
    expect(clock.pending).toBe(0);
  });

  it("ends when the run is cancelled, also before it has begun", async () => {
    const { running, cancelled, events } = setup();
    const result = expect(running()).rejects.toMatchObject({ code: "CANCELLED" });
    await settle();
    cancelled.abort();
    await result;
    await expect(running()).rejects.toMatchObject({ code: "CANCELLED" });
    expect(events).not.toContain("commit");
  });

  it("repeats a commit that the store refuses, without a time limit and without computing again", async () => {
    const { clock, running, events, finish, waits } = setup({ refusals: 4, timeoutMs: 5_000 });
    const result = running();
    await settle();
    finish(written);
    await settle();
    await clock.advance(120_000);
    expect(await result).toMatchObject({ created: true });
    expect(events).toEqual(["decode 3", "commit", "commit", "commit", "commit", "commit"]);
    expect(waits).toEqual(Array.from({ length: 4 }, () => "503 Slow Down"));
    expect(clock.pending).toBe(0);
  });

  it("removes nothing that may be committed when it is stopped during a commit", async () => {
    const { clock, running, events, finish, shard } = setup({ refusals: 9 });
    const result = expect(running()).rejects.toMatchObject({ stop: { kind: "shutdown" } });
    await settle();
    finish(written);
    await settle();
    await clock.advance(10_000);
    shard.stop({ kind: "shutdown" });
    await result;
    expect(events).not.toContain("discard");
    expect(clock.pending).toBe(0);
  });

  it("does not start an invalid job", async () => {
    await expect(setup().running({ runId: "night" })).rejects.toMatchObject({ code: "BAD_JOB" });
  });
});
