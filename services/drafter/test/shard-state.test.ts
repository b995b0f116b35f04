import { QueueError } from "@nightbeam/queue";
import { StoreError } from "@nightbeam/store";
import { describe, expect, it } from "vitest";
import { DrafterError } from "../src/errors.js";
import { fateOf } from "../src/jobs/fate.js";
import {
  isEnded,
  nextShardState,
  type ShardEvent,
  type ShardState,
} from "../src/shard/shard-state.js";
import { ShardStopped } from "../src/shard/stop.js";
import { ShardFailure } from "../src/thread/decode-thread.js";

const after = (...events: ShardEvent[]): ShardState =>
  events.reduce<ShardState>((state, event) => nextShardState(state, event), "taken");

describe("a shard", () => {
  it("is decoded, written and committed in this order", () => {
    expect(after("started", "written", "committed", "finished")).toBe("done");
    expect(after("found-committed")).toBe("done");
    expect(() => after("started", "committed")).toThrow("decoding");
    expect(() => after("written")).toThrow("taken");
  });

  it("can be aborted until its commit, and not afterwards", () => {
    for (const event of ["aborted", "put-back", "failed"] as const) {
      expect(isEnded(after(event))).toBe(true);
      expect(isEnded(after("started", event))).toBe(true);
      expect(isEnded(after("started", "written", event))).toBe(true);
      expect(() => after("started", "written", "committed", event)).toThrow();
    }
  });

  it("stays as it is once it has ended", () => {
    expect(() => after("failed", "started")).toThrow();
    expect(() => after("found-committed", "started")).toThrow();
  });
});

describe("what becomes of a job", () => {
  const failure = (kind: "failed" | "fatal" | "no-verifier" | "stopped") =>
    new ShardFailure({ kind, code: "X", message: "x" });

  it("depends on why its shard was not done", () => {
    expect(fateOf(new ShardStopped({ kind: "lock-lost", detail: "x" }))).toBe("left");
    expect(fateOf(new ShardStopped({ kind: "shutdown" }))).toBe("handed-back");
    expect(fateOf(new ShardStopped({ kind: "cancelled" }))).toBe("removed");
    expect(fateOf(new ShardStopped({ kind: "timeout", timeoutMs: 1 }))).toBe("failed");
    expect(fateOf(failure("no-verifier"))).toBe("put-off");
    expect(fateOf(failure("fatal"))).toBe("poison");
    expect(fateOf(failure("failed"))).toBe("failed");
    expect(fateOf(new QueueError("BAD_JOB", "x"))).toBe("poison");
    expect(fateOf(new StoreError("STORE_FAILED", "x"))).toBe("failed");
    expect(fateOf(new DrafterError("CLOSED", "x"))).toBe("handed-back");
    expect(fateOf(new DrafterError("THREAD_DIED", "x"))).toBe("failed");
    expect(fateOf(new DrafterError("THREAD_LOST", "x"))).toBe("put-off");
    expect(fateOf("anything")).toBe("failed");
  });
});
