import type { Manifest } from "@nightbeam/run";
import { describe, expect, it } from "vitest";
import { candidateFacts } from "../src/recommend/candidate-facts.js";

function manifest(stats: Record<string, number>): Manifest {
  return {
    manifestVersion: 1,
    createdAt: "2026-01-01T00:00:00Z",
    format: "jsonl",
    layout: "nested",
    users: 100,
    rejected: 0,
    rejectedFile: "rejected.jsonl",
    stats,
    versions: {},
    arguments: { topK: 10, acceptAbove: -9 },
    parts: [],
  };
}

describe("candidateFacts", () => {
  it("are none for a run without candidates", () => {
    expect(candidateFacts(manifest({ searches: 100 }))).toEqual([]);
  });

  it("show thresholds in the range of the proposals, each once", () => {
    const counts = Array.from(
      { length: 40 },
      (_, at) => [at + 1, Math.min(1000, 50 * at)] as const,
    );
    const above = counts.map(([nats, count]) => [`candidatesAbove-${nats}`, count]);
    const stats = {
      candidates: 1000,
      acceptedItems: 1234,
      acceptingLists: 99,
      ownLastScore: -7.125,
      ...Object.fromEntries(above),
    };
    expect(candidateFacts({ ...manifest(stats), topK: 10 })).toEqual([
      ["accepted", "1,234 in 99 of 100 lists, of 1,000 proposed"],
      ["proposed above", "-2: 0.50, -3: 1.00, -5: 2.00, -9: 4.00, -13: 6.00, -17: 8.00 per user"],
      ["own lists", "reach -7.13 nats with their item 10, on average"],
    ]);
  });

  it("show new items apart, and how many were checked", () => {
    const stats = {
      candidates: 5000,
      checkedCandidates: 1000,
      newCandidates: 100,
      acceptedItems: 300,
      acceptedNewItems: 20,
      acceptingLists: 99,
      "candidatesAbove-9": 300,
      "candidatesAbove-20": 910,
      "newCandidatesAbove-20": 10,
      "candidatesAbove-24": 960,
      "newCandidatesAbove-24": 60,
    };
    expect(candidateFacts(manifest(stats))).toEqual([
      ["accepted", "300 (20 new) in 99 of 100 lists, of 5,000 proposed, 1,000 checked"],
      ["checked above", "-9: 3.00, -20: 9.00 per user"],
      ["new ones above", "-20: 0.10, -24: 0.60 per user"],
    ]);
  });

  it("leave out figures without values", () => {
    expect(candidateFacts(manifest({ candidates: 2 }))).toEqual([
      ["accepted", "0 in 0 of 100 lists, of 2 proposed"],
    ]);
  });
});
