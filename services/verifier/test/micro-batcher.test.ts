import { FakeTime, settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { type BatcherLimits, MicroBatcher } from "../src/batching/micro-batcher.js";
import { VerifierError } from "../src/errors.js";
import { FakeModel, keysOf, laneCall, outcome } from "./support/calls.js";

function opened(limits: Partial<BatcherLimits> = {}) {
  const time = new FakeTime();
  const model = new FakeModel(time);
  const batcher = new MicroBatcher({
    limits: { tokenBudget: 100, maxAgeMs: 1_000, maxWaitMs: 2, ...limits },
    clock: time,
    run: model.run,
  });
  return { time, model, batcher };
}

describe("a micro-batcher", () => {
  it("waits for more calls as long as it may, and reports the times", async () => {
    const { time, model, batcher } = opened();
    const first = batcher.ask(laneCall(1));
    await time.advance(1);
    const second = batcher.ask(laneCall(2));
    expect(model.passes).toEqual([]);
    await time.advance(1);
    expect(model.passes).toEqual([[1, 2]]);
    await time.advance(40);
    const third = batcher.ask(laneCall(3));
    await time.advance(60);
    expect(await first).toMatchObject({ queueMs: 0, batchWaitMs: 2, computeMs: 100 });
    expect(await second).toMatchObject({ queueMs: 0, batchWaitMs: 1, computeMs: 100 });
    await time.advance(100);
    expect(await third).toMatchObject({ queueMs: 60, batchWaitMs: 0, computeMs: 100 });
    expect(time.pending).toBe(0);
  });

  it("starts at once when the budget is full", async () => {
    const { time, model, batcher } = opened();
    void batcher.ask(laneCall(1, { tokens: 60 }));
    void batcher.ask(laneCall(2, { tokens: 60 }));
    expect(model.passes).toEqual([[1]]);
    expect([batcher.runningTokens, batcher.waitingTokens]).toEqual([60, 60]);
    await time.advance(300);
    expect(model.passes).toEqual([[1], [2]]);
    expect([batcher.runningTokens, batcher.waitingTokens]).toEqual([0, 0]);
  });

  it("drops calls that are cancelled or late while they wait, and never afterwards", async () => {
    const { time, model, batcher } = opened();
    const [waiting, running] = [new AbortController(), new AbortController()];
    const calls = [
      batcher.ask(laneCall(1, { signal: running.signal, tokens: 100 })),
      batcher.ask(laneCall(2, { signal: waiting.signal })),
      batcher.ask(laneCall(3, { deadline: time.now() + 50 })),
      batcher.ask(laneCall(4)),
    ].map(outcome);
    await time.advance(20);
    waiting.abort();
    running.abort();
    expect(await calls[1]).toBe("CANCELLED");
    expect(batcher.waitingTokens).toBe(20);
    await time.advance(200);
    expect(await Promise.all(calls.slice(2))).toMatchObject(["EXPIRED", { queueMs: 80 + 20 }]);
    expect(await calls[0]).toMatchObject({ computeMs: 100 });
    expect(model.passes).toEqual([[1], [4]]);
    expect(await outcome(batcher.ask(laneCall(5, { signal: waiting.signal })))).toBe("CANCELLED");
  });

  it("lets a call that its model refuses fail alone", async () => {
    const { time, model, batcher } = opened();
    model.bad.add(2);
    const calls = [1, 2, 3].map((key) => outcome(batcher.ask(laneCall(key))));
    await time.advance(1_000);
    const [first, second, third] = await Promise.all(calls);
    expect(model.passes).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(second).toBe("refuses 2");
    for (const [answer, key] of [
      [first, 1],
      [third, 3],
    ] as const) {
      if (typeof answer !== "object") throw new Error(`call ${key} failed with ${answer}`);
      expect(keysOf(answer.answers)).toEqual([key]);
    }
  });

  it("drops suspects whose callers gave up meanwhile", async () => {
    const { time, model, batcher } = opened();
    model.bad.add(2);
    const gone = new AbortController();
    const calls = [
      outcome(batcher.ask(laneCall(1, { signal: gone.signal }))),
      outcome(batcher.ask(laneCall(2))),
    ];
    await time.advance(50);
    gone.abort();
    await time.advance(500);
    expect(await Promise.all(calls)).toEqual(["CANCELLED", "refuses 2"]);
    expect(model.passes).toEqual([[1, 2], [2]]);
  });

  it("once closed refuses waiting and new calls; the running pass still ends", async () => {
    const { time, batcher } = opened();
    const running = batcher.ask(laneCall(1, { tokens: 100 }));
    const waiting = outcome(batcher.ask(laneCall(2)));
    batcher.close(new VerifierError("DRAINING", "stops"));
    batcher.close(new VerifierError("BUSY", "is closed already"));
    expect(await waiting).toBe("DRAINING");
    expect(await outcome(batcher.ask(laneCall(3)))).toBe("DRAINING");
    await time.advance(100);
    expect(keysOf((await running).answers)).toEqual([1]);
  });

  it("if closed in the middle of a failing pass, does not retry", async () => {
    const { time, model, batcher } = opened();
    const calls = [1, 2].map((key) => outcome(batcher.ask(laneCall(key))));
    await time.advance(50);
    model.isOpen = false;
    batcher.close(new VerifierError("LANE_LOST", "the thread died"));
    await time.advance(500);
    expect(await Promise.all(calls)).toEqual(["LANE_LOST", "LANE_LOST"]);
    expect(model.passes).toEqual([[1, 2]]);
    await settle();
    expect(time.pending).toBe(0);
  });
});
