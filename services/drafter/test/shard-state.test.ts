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
import type { Failure } from "../src/thread/messages.js";

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
  const failure = (blame: Failure["blame"]) => new ShardFailure({ blame, code: "X", message: "x" });
  const failed = (blame: Failure["blame"]) => ({ kind: "failed", blame });

  it.each<[error: unknown, fate: object]>([
    [new ShardStopped({ kind: "lock-lost", detail: "x" }), { kind: "left" }],
    [new ShardStopped({ kind: "shutdown" }), { kind: "handed-back" }],
    [new ShardStopped({ kind: "cancelled" }), { kind: "removed" }],
    [new ShardStopped({ kind: "timeout", timeoutMs: 1 }), failed("shard")],
    [failure("verifiers"), failed("verifiers")],
    [failure("node"), failed("node")],
    [failure("stopped"), { kind: "put-off" }],
    [new QueueError("BAD_JOB", "x"), { kind: "poison" }],
    [new QueueError("NEWER_JOB", "x"), failed("version")],
    [new StoreError("STORE_FAILED", "x"), failed("store")],
    [new StoreError("STORE_DAMAGED", "x"), failed("shard")],
    [new DrafterError("CLOSED", "x"), { kind: "handed-back" }],
    [new DrafterError("REFUSED", "x"), { kind: "refused" }],
    [new DrafterError("THREAD_DIED", "x"), failed("node")],
    [new DrafterError("THREAD_LOST", "x"), { kind: "put-off" }],
    ["anything", failed("shard")],
  ])("of %s", (error, fate) => {
    expect(fateOf(error)).toEqual(fate);
  });
});
