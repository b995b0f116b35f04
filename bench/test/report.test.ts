import { markdownTable } from "@nightbeam/service/terminal";
import { describe, expect, it } from "vitest";
import { plotCurves } from "../src/paper/plot.js";
import { rankingSection } from "../src/paper/report-ranking.js";

const text = (sections: readonly (readonly string[])[]) => sections.flat().join("\n");

describe("Recall and NDCG of relaxed lists", () => {
  const target = [0.1, 0.2, 0.3].map((recall, at) => ({ seed: at + 1, recall, ndcg: 0.5 }));
  const cell = (recall: number, ndcg: number) => ({
    verification: "relaxed" as const,
    topK: 5,
    users: 10,
    rows: [...target, { method: "SFT", seed: 1, recall, ndcg }],
  });

  it("are reported in standard deviations of the target's own runs", () => {
    // Mean 0.2, deviation 0.1.
    const report = text(rankingSection([cell(0.35, 0.5)]));
    expect(report).toMatch(/relaxed, the target alone \| 0\.2000 ± 0\.1000 \| 0\.5000 ± 0\.0000/);
    expect(report).toMatch(/relaxed, SFT +\| 0\.3500 \(\+1\.5\) +\| 0\.5000 \(\+0\.0\)/);
    expect(report).toContain("All 2 figures of relaxed lists are within 3 standard deviations");
  });

  it("are reported as too far off", () => {
    expect(text(rankingSection([cell(0.51, 0.5)]))).toContain("**1 of 2 figures");
  });
});

describe("the plot", () => {
  const point = (draftWidth: number, callsPerUser: number, nodesPerUser: number) => {
    return { draftWidth, callsPerUser, nodesPerUser };
  };
  const cell = (loop: "published" | "demand", beamWidth: number) => ({
    loop,
    beamWidth,
    users: 5,
    plain: point(0, 4, 3 * beamWidth),
    curves: [
      { method: "a & <b>", points: [point(20, 2, 60), point(40, 1.5, 120)] },
      { method: "c", points: [] },
    ],
  });

  it("has one panel per loop and beam width, and one curve per method", () => {
    const svg = plotCurves([cell("published", 5), cell("demand", 5), cell("published", 10)]);
    expect(svg.match(/font-weight="bold"/g)).toHaveLength(3);
    expect(svg.match(/<circle /g)).toHaveLength(6);
    expect(svg).toContain("a &amp; &lt;b&gt;, N = 40: 1.50 calls, 120 nodes");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe("a Markdown table", () => {
  it("is padded, and keeps bars apart from its own", () => {
    expect(markdownTable(["", "x"], [["a|b", "1"]])).toEqual([
      "|      | x   |",
      "| ---- | --- |",
      "| a\\|b | 1   |",
    ]);
  });
});
