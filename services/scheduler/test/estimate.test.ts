import type { RunStatus } from "@nightbeam/api";
import { expect, test } from "vitest";
import { estimate } from "../src/estimates/estimate.js";

const nodes = { drafters: 2, verifiers: 4 };
const facts = { rows: 10_001, partSize: 1_000, nodes, msPerUser: undefined, plainCalls: 4 };

const like: RunStatus = {
  id: "night-1",
  state: "complete",
  out: "/lists",
  priority: "normal",
  submittedAt: "2026-11-26T02:00:00.000Z",
  users: { total: 1_000, done: 1_000, underWay: 0 },
  stats: { targetCalls: 1_200, callsPerUser: 1.25 },
  calls: { calls: 1_200, searches: 960 },
  setAside: [],
  rejected: 40,
  cost: {
    drafterSeconds: 10,
    verifierSeconds: 40,
    price: { currency: "USD", total: 0.02, perMillionUsers: 20 },
  },
};

test("an estimate scales the run that is alike, by its input rows", () => {
  const made = estimate({ ...facts, rows: 5_000, like });
  expect(made).toEqual({
    rows: 5_000,
    partSize: 1_000,
    shards: 5,
    nodes,
    basis: { kind: "run", run: "night-1" },
    callsPerUser: 1.25,
    calls: 6_000,
    // 200 s for four verifiers take longer than 50 s for two drafters.
    seconds: 50,
    cost: {
      drafterSeconds: 50,
      verifierSeconds: 200,
      price: { currency: "USD", total: 0.1, perMillionUsers: 20 },
    },
    notes: [],
  });
});

test("an estimate has no time without nodes, and says which are missing", () => {
  const made = estimate({ ...facts, nodes: { drafters: 0, verifiers: 1 }, like });
  expect(made).not.toHaveProperty("seconds");
  expect(made.notes).toEqual([expect.stringContaining("No drafter is up")]);
  expect(estimate({ ...facts, nodes: undefined, like }).notes).toEqual([
    expect.stringContaining("no NATS"),
  ]);
});

test("an estimate without a run takes the costs of verifiers, and without costs the trie", () => {
  const measured = estimate({ ...facts, like: undefined, msPerUser: 2 });
  expect(measured).toMatchObject({ basis: { kind: "costs" }, shards: 11, calls: 40_004 });
  expect(measured.seconds).toBeCloseTo(20.002, 9);
  const proposing = estimate({ ...facts, like: undefined, proposes: true });
  expect(proposing.notes.join(" ")).toContain("What scoring candidates costs is not known yet");
  const nothing = estimate({ ...facts, like: undefined });
  expect(nothing).toMatchObject({ basis: { kind: "nothing" }, callsPerUser: 4 });
  expect(nothing).not.toHaveProperty("seconds");
  expect(nothing.notes).toHaveLength(1);
});
