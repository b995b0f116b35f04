import type { ShardFailureRecord } from "@nightbeam/queue";
import { silentLog } from "@nightbeam/service/log";
import { FakeTime } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { Blame } from "../src/standing/blame.js";
import { type OfferedShard, ShardPolicy } from "../src/standing/shard-policy.js";
import { type FailedTry, judgeFailure } from "../src/standing/verdict.js";

const MINUTE = 60_000;
const shard = (runId: string, index = 0) => ({ runId, index, location: `/runs/${runId}` });
const drafter = (name: string, refuses: string[] = []) => ({
  ...{ name, version: "1", refuses, isBlind: false },
});

function setup({ hasVerifiers = (): boolean => true } = {}) {
  const clock = new FakeTime();
  const policy = new ShardPolicy({
    node: "here",
    maxFailures: 3,
    otherNodeMs: 5 * MINUTE,
    waitOutMs: 60 * MINUTE,
    hasVerifiers,
    clock,
    log: silentLog,
    random: () => 0.5,
  });
  const fail = (runId: string, blame: Blame, index = 0) => {
    expect(policy.admit(shard(runId, index))).toBe(true);
    return policy.failed(shard(runId, index), { blame, reason: `the ${blame} is broken` });
  };
  return { clock, policy, fail };
}

describe("the standing of a drafter", () => {
  it("stops taking a run after 3 failures in a row, probes after growing pauses, and recovers", async () => {
    const { clock, policy, fail } = setup();
    policy.redisAnswered({ now: Date.now(), live: [drafter("here"), drafter("there")] });
    for (const index of [0, 1]) fail("night", "node", index);
    expect(policy.refuses).toEqual([]);
    policy.admit(shard("night", 2));
    policy.succeeded(shard("night", 2));
    // A success in between: the count starts again.
    for (const index of [3, 4, 5]) fail("night", "node", index);
    expect(policy.refuses).toEqual(["night"]);
    expect(policy.admit(shard("night", 6))).toBe(false);
    expect(policy.faults()).toMatchObject([
      { kind: "node_failing", node: "here", subject: "here", runId: "night" },
    ]);
    expect(policy.faults()[0]?.message).toContain("the node is broken");
    for (const pauseMs of [10_000, 20_000, 40_000]) {
      await clock.advance(pauseMs - 1);
      expect(policy.admit(shard("night"))).toBe(false);
      await clock.advance(1);
      expect(policy.admit(shard("night"))).toBe(true);
      // One probe at a time.
      expect(policy.admit(shard("night", 1))).toBe(false);
      policy.failed(shard("night"), { blame: "node", reason: "still broken" });
    }
    await clock.advance(80_000);
    policy.admit(shard("night"));
    policy.succeeded(shard("night"));
    expect(policy.refuses).toEqual([]);
    expect(policy.faults()).toEqual([]);
    expect(policy.reasons).toEqual([]);
  });

  it("takes other runs while it has trouble with one, and nothing while it has trouble with several", async () => {
    const { clock, policy, fail } = setup();
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    for (const index of [0, 1, 2]) fail("one", "node", index);
    expect(policy.holdMs).toBe(0);
    expect(policy.admit(shard("two"))).toBe(true);
    policy.succeeded(shard("two"));
    for (const index of [0, 1, 2]) fail("two", "node", index);
    expect(policy.holdMs).toBe(10_000);
    expect(policy.reasons).toHaveLength(2);
    await clock.advance(10_000);
    expect(policy.holdMs).toBe(0);
  });

  it("pauses for longer and longer while the queue offers nothing that it takes", () => {
    const { policy, fail } = setup();
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    fail("night", "store");
    const pauses = [1, 2, 3, 4].map(() => {
      policy.admit(shard("night"));
      return policy.holdMs;
    });
    expect(pauses).toEqual([50, 100, 200, 400]);
    policy.admit(shard("other"));
    policy.admit(shard("night"));
    expect(policy.holdMs).toBe(50);
  });

  it("waits out a store for an hour, with a fault after a minute, and fails its shards then", async () => {
    const { clock, policy, fail } = setup();
    expect(fail("night", "store")).toMatchObject({ kind: "again", failures: [] });
    expect(policy.faults()).toEqual([]);
    let probes = 0;
    for (let minute = 0; minute < 59; minute++) {
      await clock.advance(MINUTE);
      if (!policy.admit(shard("night"))) continue;
      probes++;
      const verdict = policy.failed(shard("night"), { blame: "store", reason: "503" });
      expect(verdict.kind).toBe("again");
    }
    expect(probes).toBeGreaterThan(20);
    expect(policy.faults()).toMatchObject([
      { kind: "store_failing", subject: "/runs/night", message: expect.stringContaining("503") },
    ]);
    await clock.advance(2 * MINUTE);
    expect(fail("night", "store")).toMatchObject({ kind: "final" });
  });

  it("waits out a store until the run is due, and never less than 10 minutes", async () => {
    const { clock, policy } = setup();
    const due = (minutes: number) => ({
      ...shard("night"),
      dueAt: new Date(Date.now() + minutes * MINUTE).toISOString(),
    });
    const blame = { blame: "store", reason: "503" } as const;
    const verdictAt = (one: OfferedShard) => {
      policy.admit(one);
      return policy.failed(one, blame).kind;
    };
    expect(verdictAt(due(120))).toBe("again");
    await clock.advance(90 * MINUTE);
    expect(verdictAt(due(30))).toBe("again");
    expect(verdictAt(due(-1))).toBe("final");
    policy.succeeded(shard("night"));
    expect(verdictAt(due(-1))).toBe("again");
    await clock.advance(10 * MINUTE);
    expect(verdictAt(due(-11))).toBe("final");
  });

  it("does not count a failure that another node has had as well", () => {
    const { policy } = setup();
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    const failures: ShardFailureRecord[] = [
      { node: "there", blame: "shard", reason: "x", times: 1, at: 0 },
    ];
    for (let index = 0; index < 5; index++) {
      expect(policy.admit({ ...shard("night", index), failures })).toBe(true);
      const verdict = policy.failed(
        { ...shard("night", index), failures },
        { blame: "shard", reason: "y" },
      );
      expect(verdict).toEqual({
        kind: "final",
        message: `shard ${index} failed on 2 nodes. here: y there: x`,
      });
    }
    expect(policy.refuses).toEqual([]);
  });

  it("takes shards again, and fails them, once no other drafter could take them for 5 minutes", async () => {
    const { clock, policy, fail } = setup();
    policy.redisAnswered({ now: Date.now(), live: [drafter("here"), drafter("there", ["night"])] });
    for (const index of [0, 1, 2]) fail("night", "node", index);
    await clock.advance(4 * MINUTE);
    policy.redisAnswered({ now: Date.now(), live: [drafter("there", ["night"])] });
    policy.admit(shard("night"));
    expect(policy.admit(shard("night", 1))).toBe(false);
    await clock.advance(MINUTE);
    policy.redisAnswered({ now: Date.now(), live: [{ ...drafter("blind"), isBlind: true }] });
    expect(policy.admit(shard("night", 1))).toBe(true);
    // One that has mended its files is worth waiting for.
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    expect(policy.admit(shard("night", 2))).toBe(false);
  });

  it("leaves a shard that it failed at to others for a minute", () => {
    const { policy } = setup();
    const failures = (agoMs: number): ShardFailureRecord[] => [
      { node: "here", blame: "shard", reason: "x", times: 1, at: Date.now() - agoMs },
    ];
    // There is nobody else.
    expect(policy.admit({ ...shard("night"), failures: failures(0) })).toBe(true);
    policy.undone(shard("night"));
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    expect(policy.admit({ ...shard("night"), failures: failures(0) })).toBe(false);
    expect(policy.admit({ ...shard("night"), failures: failures(2 * MINUTE) })).toBe(true);
  });

  it("takes nothing without a verifier, and while Redis refuses", async () => {
    let known = false;
    const { clock, policy } = setup({ hasVerifiers: () => known });
    expect(policy.holdMs).toBe(Number.POSITIVE_INFINITY);
    policy.faults();
    await clock.advance(MINUTE);
    expect(policy.faults()).toMatchObject([
      { kind: "node_failing", message: expect.stringContaining("knows no verifier") },
    ]);
    known = true;
    expect(policy.holdMs).toBe(0);
    policy.redisRefused("READONLY You can't write against a read only replica.");
    policy.redisRefused("READONLY You can't write against a read only replica.");
    expect(policy.holdMs).toBe(1_000);
    expect(policy.reasons[0]).toContain("READONLY");
    await clock.advance(1_000);
    policy.redisRefused("READONLY");
    expect(policy.holdMs).toBe(2_000);
    policy.redisAnswered({ now: Date.now(), live: [] });
    expect([policy.holdMs, policy.reasons]).toEqual([0, []]);
  });

  it("forgets a run that has ended elsewhere", async () => {
    const { clock, policy, fail } = setup();
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    for (const index of [0, 1, 2]) fail("night", "node", index);
    await clock.advance(9 * MINUTE);
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    expect(policy.faults()).toHaveLength(1);
    await clock.advance(2 * MINUTE);
    policy.redisAnswered({ now: Date.now(), live: [drafter("there")] });
    expect(policy.faults()).toEqual([]);
  });
});

describe("the verdict on a failed shard", () => {
  const failed = (given: Partial<FailedTry>): FailedTry => ({
    ...{ node: "here", index: 7, blame: "shard", reason: "bad row", failures: [] },
    ...{ isOverdue: false, aloneMs: 0, now: 1_000, random: 0.5 },
    ...given,
  });
  const before = (
    node: string,
    { blame = "shard", times = 1 }: Partial<ShardFailureRecord> = {},
  ): ShardFailureRecord => ({ node, blame, reason: "so", times, at: 0 });

  it.each<[what: string, given: Partial<FailedTry>, kind: "final" | "again"]>([
    ["the first failure", {}, "again"],
    ["two nodes that blame it", { failures: [before("there")] }, "final"],
    [
      "two nodes that blame themselves",
      { failures: [before("there", { blame: "node" })], blame: "node" },
      "again",
    ],
    [
      "8 failures on two",
      { failures: [before("there", { times: 7, blame: "node" })], blame: "node" },
      "final",
    ],
    ["8 failures on one", { failures: [before("here", { times: 7 })] }, "again"],
    [
      "3 failures here, alone for long",
      { failures: [before("here", { times: 2 })], isOverdue: true },
      "again",
    ],
    [
      "4 failures here, alone for long",
      { failures: [before("here", { times: 3 })], isOverdue: true },
      "final",
    ],
    [
      "versions that are too old",
      { failures: [before("there", { blame: "version", times: 50 })], blame: "version" },
      "again",
    ],
    [
      "a store that waits",
      { blame: "store", failures: [before("there"), before("here")] },
      "again",
    ],
    ["a store that waited for hours", { blame: "store", isOverdue: true }, "final"],
  ])("after %s", (_, given, kind) => {
    expect(judgeFailure(failed(given)).kind).toBe(kind);
  });

  it("retries later and later on the only node, and soon if there is another one", () => {
    const delays = [0, 1, 2, 9].map((times) => {
      const failures = times === 0 ? [] : [before("here", { times })];
      const verdict = judgeFailure(failed({ failures, aloneMs: 1 }));
      return verdict.kind === "again" ? verdict.delayMs : undefined;
    });
    expect(delays).toEqual([1_500, 3_000, 6_000, 45_000]);
    expect(judgeFailure(failed({}))).toMatchObject({ delayMs: 1_000 });
  });

  it("remembers a bounded number of nodes and of letters", () => {
    const failures = Array.from({ length: 16 }, (_, at) => before(`n${at}`, { blame: "version" }));
    const verdict = judgeFailure(failed({ failures, blame: "version", reason: "x".repeat(5_000) }));
    if (verdict.kind !== "again") throw new Error("it is retried");
    expect(verdict.failures).toHaveLength(16);
    expect(verdict.failures.at(-1)).toMatchObject({ node: "here", reason: "x".repeat(1_000) });
  });
});
