import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import type { DecodeJob, SearchOutcome } from "@nightbeam/decoding";
import { CostTracker } from "@nightbeam/recommend";
import { FakeTime, settle } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { chooseBatch } from "../src/batching/choose-batch.js";
import { type BatchContext, MicroBatcher } from "../src/batching/micro-batcher.js";
import { ServerError } from "../src/errors.js";

const cost = {
  calls: 1,
  nodes: 1,
  missingNodes: 1,
  draftHits: 0,
  tokens: 1,
  acceptedSteps: 1,
  firstCallAcceptedSteps: 1,
};

/** An outcome that tells whose it is. */
function outcomeFor({ prompt }: Pick<DecodeJob, "prompt">): SearchOutcome {
  return {
    beams: { depth: 1, prefixes: Uint32Array.from(prompt), scores: new Float64Array(1) },
    cost,
  };
}

function userOf(number: number, promptTokens = 1) {
  const prompt = new Int32Array(promptTokens).fill(number);
  return { prompt, history: new Uint32Array(), exclusion: NOTHING_EXCLUDED };
}

/** A batcher with a decoder that ends when it is told to, at 10 ms per batch and 1 ms per token. */
function setUp({ latencyMs = 100, batchesAtOnce = 1, maxWaitMs = 1_000 } = {}) {
  const time = new FakeTime();
  const batches: { jobs: readonly DecodeJob[]; context: BatchContext; end(error?: Error): void }[] =
    [];
  const batcher = new MicroBatcher({
    decode: (jobs, context) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(jobs.map(outcomeFor)));
        batches.push({ jobs, context, end });
      }),
    tokensOf: (promptTokens) => promptTokens,
    cost: new CostTracker({ callMs: 10, tokenMs: 1 }),
    batchesAtOnce: () => batchesAtOnce,
    batchSize: 8,
    ...{ latencyMs, maxWaitMs, clock: time },
  });
  const submit = (
    number: number,
    { signal = new AbortController().signal, forMs = 10_000, tokens = 1 } = {},
  ) => batcher.submit(userOf(number, tokens), { signal, deadline: time.now() + forMs });
  return { time, batches, batcher, submit };
}

describe("the batcher", () => {
  it("starts at once, and puts what comes meanwhile into the next batch", async () => {
    const { time, batches, submit } = setUp();
    const answers = [1, 2, 3, 4].map((number) => submit(number));
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([1]);
    await time.advance(20);
    batches[0]?.end();
    await settle();
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([1, 3]);
    expect(new Set(batches.flatMap(({ jobs }) => jobs.map(({ key }) => key))).size).toBe(4);
    await time.advance(30);
    batches[1]?.end();
    const decoded = await Promise.all(answers);
    expect(decoded.map(({ outcome }) => outcome.beams.prefixes[0])).toEqual([1, 2, 3, 4]);
    expect(decoded.map(({ queueMs }) => queueMs)).toEqual([0, 20, 20, 20]);
    expect(decoded.map(({ computeMs }) => computeMs)).toEqual([20, 30, 30, 30]);
  });

  it("limits a batch to half of the latency while all that waits still fits into the next ones", async () => {
    const { batches, submit } = setUp({ latencyMs: 60, batchesAtOnce: 2 });
    // 20 tokens take 30 ms.
    for (let number = 0; number < 6; number++) void submit(number, { tokens: 10 });
    batches[0]?.end();
    await settle();
    expect(batches.map(({ jobs }) => jobs.length)).toEqual([1, 1, 2]);
    for (let number = 0; number < 10; number++) void submit(number, { tokens: 10 });
    batches[1]?.end();
    await settle();
    expect(batches.at(-1)?.jobs.length).toBe(8);
  });

  it("drops a request that is cancelled, and a batch that all have left", async () => {
    const { batches, batcher, submit } = setUp();
    const controller = new AbortController();
    const { signal } = controller;
    const gone = [submit(1, { signal }), submit(2, { signal })];
    const kept = submit(3);
    const [first] = batches;
    expect(batcher.waiting).toBe(2);
    controller.abort(new Error("gone"));
    for (const one of gone) await expect(one).rejects.toThrow("gone");
    expect(batcher.waiting).toBe(1);
    expect(first?.jobs[0]?.signal?.aborted).toBe(true);
    expect(first?.context.signal.aborted).toBe(true);
    first?.end();
    await settle();
    batches[1]?.end();
    expect((await kept).outcome.beams.prefixes[0]).toBe(3);
    await expect(submit(4, { signal })).rejects.toThrow("gone");
  });

  it("ends a request at its deadline, waiting or running", async () => {
    const { time, batches, submit } = setUp();
    const ended = [submit(1, { forMs: 50 }), submit(2, { forMs: 60 })].map((one) =>
      one.catch((error) => error),
    );
    await time.advance(60);
    for (const one of ended) expect(await one).toMatchObject({ code: "DEADLINE" });
    expect(batches).toHaveLength(1);
    expect(batches[0]?.context.signal.aborted).toBe(true);
  });

  it("refuses what could not be answered in time, and says when to retry", async () => {
    const { batches, submit } = setUp({ maxWaitMs: 100 });
    void submit(0, { tokens: 20 });
    await expect(submit(1, { forMs: 30 })).rejects.toMatchObject({
      code: "BUSY",
      retryAfterMs: 20,
    });
    // 30 ms of the first batch, and 70 ms of those that wait.
    for (let number = 1; number <= 3; number++) void submit(number, { tokens: 20 });
    void submit(4, { tokens: 1 });
    const refused = submit(5, { tokens: 1 });
    await expect(refused).rejects.toMatchObject({ code: "BUSY", retryAfterMs: 20 });
    await expect(refused).rejects.toThrow("--max-wait-ms");
    batches[0]?.end();
  });

  it("tries a request with little time if there is nothing else to do", async () => {
    const { batches, submit } = setUp();
    const answer = submit(1, { forMs: 5 });
    batches[0]?.end();
    expect((await answer).outcome.beams.prefixes[0]).toBe(1);
  });

  it("fails the requests of a batch that fails, and goes on", async () => {
    const { batches, submit } = setUp();
    const failed = submit(1);
    const next = submit(2);
    batches[0]?.end(new Error("the model failed"));
    await expect(failed).rejects.toThrow("the model failed");
    batches[1]?.end();
    expect((await next).outcome.beams.prefixes[0]).toBe(2);
  });

  it("refuses new requests while it drains, and ends all when it is closed", async () => {
    const { batches, batcher, submit } = setUp();
    const open = [submit(1), submit(2)].map((one) => one.catch((error) => error));
    const gone = new ServerError("DRAINING", "going");
    let isIdle = false;
    void batcher.refuse(gone).then(() => {
      isIdle = true;
    });
    await settle();
    expect(isIdle).toBe(false);
    await expect(submit(3)).rejects.toBe(gone);
    batcher.close(gone);
    expect(batches[0]?.context.signal.aborted).toBe(true);
    batches[0]?.end(gone);
    expect(await Promise.all(open)).toEqual([gone, gone]);
    await settle();
    expect(isIdle).toBe(true);
  });
});

describe("the choice of a batch", () => {
  it("has the oldest request, then prompts of about its length, within its limits", () => {
    const waiting = [5, 20, 6, 5, 19, 4].map((promptTokens, at) => ({
      at,
      promptTokens,
      tokens: promptTokens,
    }));
    const chosen = (batchSize: number, tokenBudget: number) =>
      chooseBatch(waiting, { batchSize, tokenBudget }).map(({ at }) => at);
    expect(chosen(4, 100)).toEqual([0, 3, 2, 5]);
    expect(chosen(6, 100)).toEqual([0, 3, 2, 5, 4, 1]);
    expect(chosen(6, 16)).toEqual([0, 3, 2]);
    expect(chosen(6, 1)).toEqual([0]);
    expect(chooseBatch([], { batchSize: 4, tokenBudget: 9 })).toEqual([]);
  });
});
