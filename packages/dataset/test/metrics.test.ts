import { put, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryRow } from "../src/histories/history-row.js";
import { readHistories } from "../src/histories/read-histories.js";
import { evaluateRanking } from "../src/metrics/evaluate-ranking.js";
import { scoreRanking } from "../src/metrics/ranking.js";
import type { Recommendation } from "../src/recommendations/recommendation.js";

const tempDir = useTempDirs();

function list(user: string, ...items: string[]): Recommendation {
  return { user, items: items.map((item) => ({ item, score: 0, codes: [] })) };
}

async function* batches<T>(...items: T[]): AsyncGenerator<T[]> {
  for (const item of items) yield [item];
}

describe("one list", () => {
  it("scores by the formulas", () => {
    const score = scoreRanking({
      list: ["x", "a", "y", "b", "c"],
      heldOut: new Set(["a", "b", "c"]),
      k: 4,
    });
    const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
    const ideal = 1 + 1 / Math.log2(3) + 1 / Math.log2(4);
    expect(score.recall).toBeCloseTo(2 / 3, 12);
    expect(score.ndcg).toBeCloseTo(gain / ideal, 12);
    expect(score.hitRate).toBe(1);
  });

  it("is between 0 and 1, and 1 only if the held-out items come first", () => {
    const items = fc.uniqueArray(fc.constantFrom(..."abcdefgh"), { minLength: 1 });
    const property = fc.property(items, items, fc.integer({ min: 1, max: 10 }), (list, held, k) => {
      const score = scoreRanking({ list, heldOut: new Set(held), k });
      for (const value of Object.values(score)) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
      }
      const rest = list.filter((item) => !held.includes(item));
      expect(scoreRanking({ list: [...held, ...rest], heldOut: new Set(held), k }).ndcg).toBe(1);
    });
    fc.assert(property);
  });

  it("counts a repeated item once", () => {
    const score = scoreRanking({ list: ["a", "a"], heldOut: new Set(["a", "b"]), k: 2 });
    expect(score.recall).toBe(0.5);
  });
});

describe("an evaluation", () => {
  it("joins by user, averages over users with both sides, and counts the others", async () => {
    const held = [
      '{"user":"hit","history":["a"]}',
      '{"user":"half","history":["a"]}',
      '{"user":"half","history":["z"]}',
      '{"user":"miss","history":["q"]}',
      '{"user":"no list","history":["q"]}',
      "{broken",
    ];
    const path = put(tempDir(), "held.jsonl", held.join("\n"));
    const report = await evaluateRanking({
      recommendations: batches(
        list("miss", "a", "b"),
        list("hit", "b", "a"),
        list("half", "a", "b"),
        list("half", "z", "a"),
        list("nothing held out", "a"),
      ),
      heldOut: readHistories({ path }),
      ks: [2, 1, 2],
    });
    expect(report).toMatchObject({
      users: 3,
      withoutList: 1,
      withoutHeldOut: 1,
      rejectedHeldOut: 1,
    });
    expect(report.metrics.map(({ k }) => k)).toEqual([1, 2]);
    const [one, two] = report.metrics;
    expect(one?.recall).toBeCloseTo((0 + 0 + 0.5) / 3, 12);
    expect(one?.hitRate).toBeCloseTo(1 / 3, 12);
    expect(two?.recall).toBeCloseTo((1 + 0.5) / 3, 12);
    expect(two?.ndcg).toBeCloseTo((1 / Math.log2(3) + 1 / (1 + 1 / Math.log2(3))) / 3, 12);
  });

  it("reports unseen items separately, as computed by hand", async () => {
    const history = (user: string, ...items: string[]) => {
      return { kind: "history", row: 0, user, items } as const;
    };
    const broken = { kind: "rejected", row: 1, reason: "malformed_row", detail: "" } as const;
    const report = await evaluateRanking({
      recommendations: batches(
        // One of two unseen ones found, at place 2; what was seen and is found does not count.
        list("half", "a", "new", "b"),
        // Nothing unseen is held out: averaged over for all items alone.
        list("seen", "a", "fresh", "new"),
        list("miss", "b"),
        list("nothing held out", "new"),
      ),
      heldOut: batches<HistoryRow>(
        history("half", "a", "new", "fresh"),
        history("seen", "a"),
        history("miss", "new"),
        history("no list", "unheard of"),
      ),
      trainedOn: batches<HistoryRow>(history("x", "a", "b"), broken, history("y", "c")),
      ks: [1, 2],
    });
    const { unseen, ...overall } = report;
    expect(overall).toMatchObject({ users: 3, withoutList: 1, withoutHeldOut: 1 });
    expect(overall.metrics[1]?.recall).toBeCloseTo((2 / 3 + 1 + 0) / 3, 12);
    expect(unseen).toMatchObject({ users: 2, heldOut: 3, items: 2, rejectedTraining: 1 });
    const [one, two] = unseen?.metrics ?? [];
    expect(one).toEqual({ k: 1, recall: 0, ndcg: 0, hitRate: 0, listed: 1 });
    const ndcg = 1 / Math.log2(3) / (1 + 1 / Math.log2(3)) / 2;
    expect(two).toMatchObject({ k: 2, recall: 0.25, hitRate: 0.5, listed: 3 });
    expect(two?.ndcg).toBeCloseTo(ndcg, 12);
  });

  it("of nothing is zero, and cut-offs are checked", async () => {
    const nothing = { recommendations: batches<Recommendation>(), heldOut: batches<HistoryRow>() };
    expect(await evaluateRanking({ ...nothing, ks: [5] })).toEqual({
      metrics: [{ k: 5, recall: 0, ndcg: 0, hitRate: 0 }],
      users: 0,
      withoutList: 0,
      withoutHeldOut: 0,
      rejectedHeldOut: 0,
    });
    expect(() => evaluateRanking({ ...nothing, ks: [0] })).toThrow(/cut-off/);
  });
});
