import { treeOf } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { systemClock } from "@nightbeam/service";
import { searcherOf } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import type { Pass } from "../src/batching/micro-batcher.js";
import { searchCalls, smallestCall, treeCalls } from "../src/cost/made-up-calls.js";
import { measureCost } from "../src/cost/measure-cost.js";
import { Lanes } from "../src/lanes/lanes.js";
import { logProbsOf, useVerifierWorld, type VerifierWorld } from "./support/worlds.js";

async function openLanes(world: VerifierWorld, settings: { workers: number; cacheBytes: number }) {
  const model = await openModel({
    ...settings,
    directory: world.target,
    catalogue: world.searched,
    scoring: "full",
    precision: "fp32",
    cacheDirectory: world.target,
    threads: 1,
  });
  const passes: Pass[] = [];
  const lanes = new Lanes({
    workers: model.workers,
    limits: {
      tokenBudget: 600,
      maxWaitMs: 2,
      maxAgeMs: 100,
      maxWaitingTokens: 1_000_000,
      maxCalls: 1_000,
      idleMs: 60_000,
      maxKeys: 1_000,
    },
    clock: systemClock,
    costLine: () => ({ callMs: 1, tokenMs: 0.1 }),
    onPass: (pass) => passes.push(pass),
    probe: smallestCall({ model, catalogue: world.searched }),
    keepsPrompts: settings.cacheBytes > 0,
    onLost: () => undefined,
  });
  const ask = (client: string, requests: Parameters<Lanes["score"]>[0]["requests"]) =>
    lanes.score({
      peer: client,
      client,
      requests,
      released: [],
      deadline: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
    });
  return { model, lanes, passes, ask };
}

describe("lanes over a real model", () => {
  const world = useVerifierWorld();

  it.each([
    { workers: 2, cacheBytes: 2 ** 26 },
    { workers: 1, cacheBytes: 0 },
  ])("answer merged calls as the model answers each question alone (%o)", async (settings) => {
    const { model, passes, ask } = await openLanes(world(), settings);
    const batches = Array.from({ length: 8 }, (_, at) => world().questions(at * 5, 5));
    for (const part of ["first", "second"] as const) {
      const answered = await Promise.all(
        batches.map((batch, at) => ask(`client ${at % 2}`, batch[part])),
      );
      for (const [at, { answers }] of answered.entries()) {
        const alone = await Promise.all((batches[at]?.[part] ?? []).map(world().alone));
        expect(logProbsOf(answers)).toEqual(alone);
      }
    }
    expect(passes.some(({ calls }) => calls > 1)).toBe(true);
    await model.close();
  });

  it("answer calls with nothing to compute, and trees larger than a pass in several", async () => {
    const { model, passes, ask } = await openLanes(world(), { workers: 1, cacheBytes: 2 ** 26 });
    const { trie } = world().searched;
    const { first, second } = world().questions(0, 2);
    const nothing = first.map((request, key) => ({ ...request, key, tree: treeOf(trie, []) }));
    const { answers: none } = await ask("x", nothing);
    expect(none.map(({ logProbs, tokens }) => [logProbs.length, tokens])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect((await ask("x", [])).answers).toEqual([]);
    expect(passes).toEqual([]);
    const inner = trie.levelStart[trie.levels] ?? 0;
    const whole = Array.from({ length: inner }, (_, prefix) => prefix);
    const large = second.map((request) => ({ ...request, tree: treeOf(trie, whole) }));
    const mixed = large.flatMap((request, at) => [request, ...nothing.slice(at, at + 1)]);
    const keyed = mixed.map((request, key) => ({ ...request, key: 10 + key }));
    const { answers } = await ask("y", keyed);
    for (const [at, request] of keyed.entries()) {
      const alone = request.tree.wanted.length === 0 ? [] : [...(await world().alone(request))];
      const found = [...(answers[at]?.logProbs ?? [])];
      expect(found).toHaveLength(alone.length);
      for (const [child, value] of found.entries()) expect(value).toBeCloseTo(alone[child] ?? 1, 4);
    }
    expect(passes.every(({ tokens }) => tokens <= 600)).toBe(true);
    await model.close();
  });

  it("let a request that breaks the model's pass fail alone", async () => {
    const { model, ask } = await openLanes(world(), { workers: 1, cacheBytes: 2 ** 26 });
    const { first } = world().questions(0, 3);
    const [good] = first;
    if (good === undefined) throw new Error("three questions were made");
    const broken = { ...good, prompt: Int32Array.of(1, 2_000_000) };
    const long = { ...good, prompt: new Int32Array(9_999).fill(1) };
    const [before, hostile, endless, after] = await Promise.allSettled([
      ask("good", first),
      ask("hostile", [broken]),
      ask("endless", [long]),
      ask("other", first),
    ]);
    expect(hostile).toMatchObject({ status: "rejected", reason: { code: "RUNTIME" } });
    expect(endless).toMatchObject({ status: "rejected", reason: { code: "PROMPT_TOO_LONG" } });
    const alone = await Promise.all(first.map(world().alone));
    for (const one of [before, after]) {
      if (one?.status !== "fulfilled") throw new Error("a good call failed");
      expect(logProbsOf(one.value.answers)).toEqual(alone);
    }
    await model.close();
  });

  it("cost what was measured, and measuring leaves nothing in memory", async () => {
    const { local: model, searched: catalogue } = world();
    const from = { model, catalogue };
    const searcher = searcherOf({ scorer: model.scorer, catalogue, scoring: "full" });
    for (const calls of [treeCalls(from, model.scorer), searchCalls(from, searcher)]) {
      const line = await measureCost({ calls, clock: systemClock, maxTokens: 1_000 });
      // Of a model as small as this, noise can say that rows, or calls, cost nothing; not both.
      expect(Math.min(line.callMs, line.tokenMs)).toBeGreaterThanOrEqual(0);
      expect(line.callMs + line.tokenMs).toBeGreaterThan(0);
      expect(line.callMs + 100 * line.tokenMs).toBeLessThan(1_000);
    }
  });
});
