import { describe, expect, it } from "vitest";
import { candidateHistogram, histogramStats } from "../../src/statistics/candidate-histogram.js";
import { FIGURES } from "../../src/statistics/figures.js";
import {
  finiteStats,
  runFigures,
  runStatsSchema,
  sumStats,
} from "../../src/statistics/run-stats.js";

describe("the statistics of a run", () => {
  it("add up by name, in the order in which names first occur", () => {
    const parts = [
      { stats: { searches: 2, nodes: 30, wallSeconds: 1 } },
      { stats: { searches: 3, targetCalls: 4, wallSeconds: 0.5 } },
    ];
    const sums = sumStats(parts);
    expect(JSON.stringify(sums)).toBe(
      '{"searches":5,"nodes":30,"wallSeconds":1.5,"targetCalls":4}',
    );
  });

  it("keep the names of other versions, and their order", () => {
    const text = '{"wallSeconds":1,"someday":2,"searches":3}';
    const stats = runStatsSchema.parse(JSON.parse(text));
    expect(JSON.stringify(sumStats([{ stats }]))).toBe(text);
  });

  it("derive exactly the figures that the table calls derived or means", () => {
    const stats = { searches: 2, ownLists: 1, ownLastScores: -3, wallSeconds: 4 };
    const derived = runFigures({ users: 8, stats });
    const named = Object.entries(FIGURES).filter(([, { total }]) => total !== "sum");
    expect(Object.keys(derived).toSorted()).toEqual(named.map(([name]) => name).toSorted());
    expect(derived).toMatchObject({ usersPerSecond: 2, ownLastScore: -3, callsPerUser: 0 });
  });

  it("leave out rates over nothing", () => {
    expect(finiteStats(runFigures({ users: 0, stats: {} }))).toEqual({});
  });
});

describe("the histogram of candidates", () => {
  it("is written under a name per threshold, and read back highest first", () => {
    const histogram = new Map([
      [-10, 7],
      [-9, 4],
    ]);
    const stats = histogramStats(histogram);
    expect(stats).toEqual({ "candidatesAbove-10": 7, "candidatesAbove-9": 4 });
    expect([...candidateHistogram({ searches: 1, ...stats })]).toEqual([
      [-9, 4],
      [-10, 7],
    ]);
  });
});
