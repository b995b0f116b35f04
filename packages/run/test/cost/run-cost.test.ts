import { describe, expect, test } from "vitest";
import { type Prices, pricesSchema } from "../../src/cost/prices.js";
import { runCost } from "../../src/cost/run-cost.js";

const prices: Prices = {
  currency: "USD",
  perHour: { drafter: 0.36, verifier: 3.6 },
  verifiers: { "cpu-*": 0.36, "gpu-a.1": 7.2 },
};

const at = "2026-11-27T02:00:00.000Z";
const answered = (name: string, seconds: number) => {
  return { name, seconds, calls: 1, audited: 0, firstAt: at, lastAt: at };
};

describe("runCost", () => {
  test("adds up the seconds of nodes, and has no price without prices", () => {
    const parts = [
      { rows: 10, stats: { drafterSeconds: 2, verifierSeconds: 1 } },
      { rows: 10, stats: { drafterSeconds: 3, verifierSeconds: 0.5 } },
    ];
    expect(runCost(parts)).toEqual({ drafterSeconds: 5, verifierSeconds: 1.5 });
  });

  test("charges each verifier by its name", () => {
    const part = (name: string) => ({
      rows: 500,
      stats: { drafterSeconds: 0, verifierSeconds: 100 },
      verifiers: [answered(name, 100)],
    });
    const total = (...names: string[]) => runCost(names.map(part), prices)?.price?.total;
    expect(total("v1")).toBeCloseTo(0.1, 12);
    expect(total("cpu-7")).toBeCloseTo(0.01, 12);
    expect(total("gpu-a.1")).toBeCloseTo(0.2, 12);
    expect(total("gpu-axe1")).toBeCloseTo(0.1, 12);
    expect(total("v1", "cpu-1", "gpu-a.1")).toBeCloseTo(0.31, 12);
  });

  test("divides what several verifiers did by their seconds, and scales to a million users", () => {
    const part = {
      rows: 1_000,
      stats: { drafterSeconds: 1_000, verifierSeconds: 200 },
      verifiers: [answered("cpu-1", 50), answered("other", 50)],
    };
    // 1,000 s at 0.36 an hour, 100 s at 0.36, 100 s at 3.6.
    const cost = runCost([part], prices);
    expect(cost?.price?.total).toBeCloseTo(0.1 + 0.01 + 0.1, 12);
    expect(cost?.price?.perMillionUsers).toBeCloseTo(210, 9);
  });

  test("is not known for parts of earlier versions, and has no rate without a list", () => {
    expect(runCost([{ rows: 3, stats: { searches: 3 } }], prices)).toBeUndefined();
    expect(runCost([], prices)).toBeUndefined();
    const empty = { rows: 0, stats: { drafterSeconds: 1, verifierSeconds: 0 } };
    const { price } = runCost([empty], prices) ?? {};
    expect(price?.total).toBeCloseTo(0.0001, 12);
    expect(price).not.toHaveProperty("perMillionUsers");
  });
});

test.each([
  [{ currency: "US D", perHour: { drafter: 1, verifier: 1 } }, "currency"],
  [{ currency: "USD", perHour: { drafter: -1, verifier: 1 } }, "perHour.drafter"],
  [{ currency: "USD", perHour: { drafter: 1 } }, "perHour.verifier"],
  [
    { currency: "USD", perHour: { drafter: 1, verifier: 1 }, verifiers: { "a b": 1 } },
    "verifiers.a b",
  ],
])("prices %j are refused at %s", (prices, place) => {
  const issues = pricesSchema.safeParse(prices).error?.issues ?? [];
  expect(issues.map(({ path }) => path.join("."))).toContain(place);
});
