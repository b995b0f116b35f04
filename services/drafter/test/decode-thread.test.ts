import { systemClock } from "@nightbeam/service";
import { type Log, silentLog } from "@nightbeam/service/log";
import { until } from "@nightbeam/testing";
import { afterEach, describe, expect, it } from "vitest";
import { DecodeThread } from "../src/thread/decode-thread.js";
import { MirroredDirectory } from "../src/thread/mirrored-directory.js";

const setup = {
  scratch: "/nowhere",
  shardsAtOnce: 2,
  batchesInFlight: undefined,
  workers: 1,
  promptCache: 0,
  idleMs: 1_000,
  patienceMs: undefined,
  auditRate: 0,
  records: false,
  node: { name: "drafter-1", version: "0" },
  tls: undefined,
};

describe("the decode thread", () => {
  let thread: DecodeThread | undefined;
  afterEach(() => thread?.close());

  function start(options: { patienceMs?: number; endpoints?: string[] } = {}) {
    const { patienceMs = 5_000, endpoints = [] } = options;
    const said: string[] = [];
    const verifiers = new MirroredDirectory(endpoints.map(endpoint));
    const log: Log = { ...silentLog, info: (_, message) => void said.push(message) };
    const made = new DecodeThread({
      setup,
      verifiers,
      log,
      clock: systemClock,
      file: new URL("./support/scripted-thread.mjs", import.meta.url),
      patienceMs,
    });
    thread = made;
    const decode = (runId: string, signal = new AbortController().signal) => {
      const progress: number[] = [];
      const order = {
        runId,
        location: "/run",
        index: 4,
        rows: 10,
        attempt: 1,
        deadline: 0,
        traceparent: undefined,
      };
      const onProgress = ({ users }: { users: number }) => void progress.push(users);
      const onWait = (reason: string) => void said.push(reason);
      return { progress, written: made.decode(order, { signal, onProgress, onWait }) };
    };
    return { thread: made, verifiers, said, decode };
  }

  it("reports progress and what was written, and has the current list of verifiers", async () => {
    const { decode, verifiers, said } = start({ endpoints: ["a:1"] });
    const first = decode("writes");
    expect(await first.written).toMatchObject({ index: 4, verifiers: ["a:1"] });
    expect(first.progress).toEqual([1]);
    expect(said).toEqual(["the store is full"]);
    verifiers.update([endpoint("a:1"), endpoint("b:2")]);
    expect(await decode("writes").written).toMatchObject({ verifiers: ["a:1", "b:2"] });
  });

  it("reports why a shard failed", async () => {
    const failing = start().decode("fails").written;
    await expect(failing).rejects.toMatchObject({
      failure: { blame: "shard", code: "X" },
      message: "bad luck",
    });
  });

  it.each(["dies", "exits"])(
    "that %s fails its shards, and the next shard gets a new thread",
    async (how) => {
      const { decode, thread } = start();
      const other = decode("waits").written;
      const failed = expect(other).rejects.toMatchObject({ code: "THREAD_LOST" });
      await expect(decode(how).written).rejects.toMatchObject({ code: "THREAD_LOST" });
      await failed;
      await expect(decode(how).written).rejects.toMatchObject({ code: "THREAD_DIED" });
      expect(thread.load).toBe(0);
      expect(await decode("writes").written).toMatchObject({ index: 4 });
    },
  );

  it("is notified at once when a shard is stopped", async () => {
    const { decode, said, thread } = start();
    const stop = new AbortController();
    const { written, progress } = decode("waits", stop.signal);
    await until("it works", () => progress.length > 0);
    stop.abort(new Error("the lock is lost"));
    await expect(written).rejects.toThrow("the lock is lost");
    await until("the thread knows", () => thread.load === 0);
    expect(said).toEqual(["stops waits"]);
  });

  it("does not start a shard that was stopped", async () => {
    const { decode, thread } = start();
    await expect(decode("writes", AbortSignal.abort(new Error("late"))).written).rejects.toThrow(
      "late",
    );
    expect(thread.load).toBe(0);
  });

  it("that does not stop a shard is terminated", async () => {
    const { decode } = start({ patienceMs: 100 });
    const stop = new AbortController();
    const other = expect(decode("waits").written).rejects.toMatchObject({ code: "THREAD_LOST" });
    const { written } = decode("freezes", stop.signal);
    stop.abort(new Error("enough"));
    await expect(written).rejects.toThrow("enough");
    await other;
    expect(await decode("writes").written).toMatchObject({ index: 4 });
  });

  it("takes no shards after it is closed", async () => {
    const { decode, thread } = start();
    const other = expect(decode("waits").written).rejects.toMatchObject({ code: "CLOSED" });
    await thread.close();
    await other;
    await expect(decode("writes").written).rejects.toMatchObject({ code: "CLOSED" });
  });
});

function endpoint(address: string) {
  return { id: address, address, draining: false };
}
