import { FakeTime } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseBatch } from "../src/batching/choose-batch.js";
import { MicroBatcher } from "../src/batching/micro-batcher.js";
import { Turns } from "../src/batching/turns.js";
import { VerifierError } from "../src/errors.js";
import { FakeModel, keysOf, laneCall, outcome, request } from "./support/calls.js";

const candidate = fc.record({
  age: fc.nat({ max: 200 }),
  tokens: fc.nat({ max: 150 }),
  followUp: fc.boolean(),
  promptLength: fc.integer({ min: 1, max: 90 }),
});

describe("the choice of a batch", () => {
  const NOW = 1_000;
  const limits = { tokenBudget: 100, maxAgeMs: 100, now: NOW };
  const waitingOf = (given: readonly { age: number; tokens: number; peer?: string }[]) =>
    [...given]
      .sort((a, b) => b.age - a.age)
      .map(({ age, ...call }) => ({
        enqueuedAt: NOW - age,
        call: { peer: "x", followUp: false, promptLength: 1, beamWidth: 0, ...call },
      }));

  it("takes at least one call, keeps the budget, and fills it if possible", () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 30 }), (given) => {
        const waiting = waitingOf(given);
        const batch = chooseBatch(waiting, limits);
        const tokens = batch.reduce((sum, { call }) => sum + call.tokens, 0);
        expect(batch.length).toBeGreaterThan(0);
        expect(new Set(batch).size).toBe(batch.length);
        if (batch.length > 1) expect(tokens).toBeLessThanOrEqual(100);
        for (const left of waiting.filter((one) => !batch.includes(one))) {
          expect(tokens + left.call.tokens).toBeGreaterThan(100);
        }
      }),
    );
  });

  it("always takes the oldest overdue call, else a follow-up, else the oldest", () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 30 }), (given) => {
        const waiting = waitingOf(given);
        const first =
          waiting.find(({ enqueuedAt }) => NOW - enqueuedAt > 100) ??
          waiting.find(({ call }) => call.followUp) ??
          waiting[0];
        expect(chooseBatch(waiting, limits)[0]).toBe(first);
      }),
    );
  });

  it("has one beam width, that of its first call, and is full of that", () => {
    const mixed = candidate.chain((one) =>
      fc.constantFrom(10, 20).map((beamWidth) => ({ ...one, beamWidth })),
    );
    fc.assert(
      fc.property(fc.array(mixed, { minLength: 1, maxLength: 30 }), (given) => {
        const waiting = waitingOf(given);
        const batch = chooseBatch(waiting, limits);
        const [first] = batch;
        const alike = waiting.filter(({ call }) => call.beamWidth === first?.call.beamWidth);
        expect(batch).toEqual(chooseBatch(alike, limits));
      }),
    );
  });

  it("lets connections take turns, so that one that fills the queue delays its own calls alone", () => {
    const flood = Array.from({ length: 50 }, () => ({ age: 190, tokens: 60, peer: "flood" }));
    const honest = ["a", "b"].map((peer, at) => ({ age: 5 - at, tokens: 60, peer }));
    let waiting = waitingOf([...flood, ...honest]);
    const turns = new Turns();
    const served: string[] = [];
    for (let pass = 0; pass < 3; pass++) {
      const batch = chooseBatch(waiting, { ...limits, turns });
      expect(batch).toHaveLength(1);
      const peer = batch[0]?.call.peer ?? "";
      turns.had(peer, () => new Set());
      served.push(peer);
      waiting = waiting.filter((one) => !batch.includes(one));
    }
    expect(served).toEqual(["flood", "a", "b"]);
    // With room for several, each has its share.
    const roomy = chooseBatch(waitingOf([...flood, ...honest]), { ...limits, tokenBudget: 200 });
    expect(roomy.map(({ call }) => call.peer)).toEqual(["flood", "a", "b"]);
  });

  it("joins the oldest new user with prompts of similar length", () => {
    const lengths = [40, 10, 42, 80, 39, 41];
    const waiting = lengths.map((promptLength, at) => ({
      enqueuedAt: NOW - 50 + at,
      call: { peer: "x", tokens: 25, followUp: false, promptLength, beamWidth: 0 },
    }));
    const chosen = chooseBatch(waiting, limits).map(({ call }) => call.promptLength);
    expect(chosen).toEqual([40, 39, 41, 42]);
  });
});

const scripted = fc.record({
  gap: fc.nat({ max: 120 }),
  users: fc.integer({ min: 1, max: 3 }),
  tokens: fc.integer({ min: 1, max: 140 }),
  followUp: fc.boolean(),
  promptLength: fc.integer({ min: 1, max: 90 }),
  bad: fc.nat({ max: 4 }).map((dice) => dice === 0),
  cancelAfter: fc.option(fc.nat({ max: 300 }), { nil: undefined }),
  deadlineAfter: fc.option(fc.nat({ max: 400 }), { nil: undefined }),
});

describe("a micro-batcher under any traffic", () => {
  it("settles every call once, with its own answers, within the budget", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(scripted, { maxLength: 25 }),
        fc.option(fc.nat({ max: 1_500 }), { nil: undefined }),
        async (script, closeAfter) => {
          const time = new FakeTime();
          const model = new FakeModel(time);
          const tokensOfKey = new Map<number, number>();
          const batcher = new MicroBatcher({
            limits: { tokenBudget: 100, maxAgeMs: 300, maxWaitMs: 5 },
            clock: time,
            run: model.run,
          });
          if (closeAfter !== undefined) {
            time.after(closeAfter, () => batcher.close(new VerifierError("DRAINING", "stops")));
          }
          let nextKey = 0;
          let settledCount = 0;
          const calls = [];
          for (const { gap, users, bad, cancelAfter, deadlineAfter, ...fields } of script) {
            await time.advance(gap);
            const abort = new AbortController();
            const keys = Array.from({ length: users }, () => nextKey++);
            const [firstKey = 0] = keys;
            tokensOfKey.set(firstKey, fields.tokens);
            if (bad) model.bad.add(firstKey);
            if (cancelAfter !== undefined) time.after(cancelAfter, () => abort.abort());
            const promise = batcher.ask(
              laneCall(firstKey, {
                ...fields,
                requests: keys.map((key) => request(key)),
                signal: abort.signal,
                ...(deadlineAfter === undefined ? {} : { deadline: time.now() + deadlineAfter }),
              }),
            );
            const ended = outcome(promise).then((result) => {
              settledCount++;
              return result;
            });
            calls.push({
              keys,
              bad,
              ended,
              mayBeCut: cancelAfter !== undefined || deadlineAfter !== undefined,
            });
          }
          await time.advance(60_000);
          expect(settledCount).toBe(script.length);
          for (const { keys, bad, ended, mayBeCut } of calls) {
            const result = await ended;
            if (typeof result === "object") {
              expect(bad).toBe(false);
              expect(keysOf(result.answers)).toEqual(keys);
              expect(Math.min(result.queueMs, result.batchWaitMs)).toBeGreaterThanOrEqual(0);
            } else if (result === `refuses ${keys[0]}`) expect(bad).toBe(true);
            else if (result === "DRAINING") expect(closeAfter).toBeDefined();
            else {
              expect(["CANCELLED", "EXPIRED"]).toContain(result);
              expect(mayBeCut).toBe(true);
            }
          }
          for (const pass of model.passes) {
            const tokens = pass
              .map((key) => tokensOfKey.get(key))
              .filter((one) => one !== undefined);
            if (tokens.length > 1) {
              expect(tokens.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(100);
            }
          }
          expect([batcher.waitingTokens, batcher.runningTokens]).toEqual([0, 0]);
          expect(time.pending).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("lets no call wait forever, no matter how many follow-ups come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), async (rivals) => {
        const time = new FakeTime();
        const model = new FakeModel(time);
        const batcher = new MicroBatcher({
          limits: { tokenBudget: 100, maxAgeMs: 300, maxWaitMs: 0 },
          clock: time,
          run: model.run,
        });
        const asks = (key: number): void => {
          void batcher.ask(laneCall(key, { followUp: true, tokens: 100 })).then(() => {
            if (time.now() < 10_000) asks(key + 10);
          });
        };
        for (let key = 1; key <= rivals; key++) asks(key);
        const startedAt = time.now();
        const answered = batcher.ask(laneCall(0, { tokens: 90 })).then(() => time.now());
        await time.advance(20_000);
        // The age limit, then the calls that were overdue before it, then itself.
        expect((await answered) - startedAt).toBeLessThanOrEqual(300 + (rivals + 3) * 100);
      }),
    );
  });
});
