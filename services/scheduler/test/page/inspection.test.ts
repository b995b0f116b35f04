import { runSeriesSchema, shardMapSchema } from "@nightbeam/api";
import type { PartRecord } from "@nightbeam/run";
import { describe, expect, it } from "vitest";
import { runSeries } from "../../src/page/run-series.js";
import { shardMap } from "../../src/page/shard-map.js";
import { NOTHING_LIVE } from "../../src/runs/run-status.js";

const START = Date.parse("2026-11-21T02:00:00.000Z");
const after = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

function commit(index: number, more: Partial<PartRecord> = {}): PartRecord {
  return {
    index,
    file: `parts/part-${index}.parquet`,
    attempt: "a1-0",
    rows: 10,
    rejected: 0,
    bytes: 1,
    sha256: "0".repeat(64),
    firstRow: index * 10,
    rowCount: 10,
    stats: { searches: 10, targetCalls: 20, nodes: 300, busySeconds: 5 },
    ...more,
  };
}

describe("the figures of a run over time", () => {
  it("count each shard evenly over the time that it took, per drafter", () => {
    const series = runSeries(
      [
        commit(0, { drafter: "d1", committedAt: after(5) }),
        commit(1, { drafter: "d2", committedAt: after(10) }),
      ],
      { active: [], now: START + 20_000 },
    );
    expect(runSeriesSchema.parse(series)).toEqual(series);
    expect(series).toMatchObject({ from: after(0), stepSeconds: 1, untimed: 0 });
    expect(series.usersPerSecond).toEqual(Array.from({ length: 10 }, () => 2));
    expect(series.nodes.map(({ node }) => node)).toEqual(["d1", "d2"]);
    expect(series.nodes[1]?.usersPerSecond).toEqual([0, 0, 0, 0, 0, 2, 2, 2, 2, 2]);
    expect(new Set(series.callsPerUser)).toEqual(new Set([2]));
    expect(new Set(series.nodesPerUser)).toEqual(new Set([30]));
  });

  it("have as many users as were done, however long the run took", () => {
    const commits = Array.from({ length: 500 }, (_, index) =>
      commit(index, { drafter: `d${index % 3}`, committedAt: after(5 + index * 37) }),
    );
    const { usersPerSecond, stepSeconds, nodes } = runSeries(commits, { active: [], now: 0 });
    const sum = (values: readonly number[]) =>
      values.reduce((all, one) => all + one, 0) * stepSeconds;
    expect(usersPerSecond.length).toBeLessThanOrEqual(121);
    expect(sum(usersPerSecond)).toBeCloseTo(5_000, 3);
    expect(sum(nodes.flatMap((one) => one.usersPerSecond))).toBeCloseTo(5_000, 3);
  });

  it("take the verifiers' times of records without one, and leave out those without any", () => {
    const share = { name: "v", calls: 1, audited: 0, firstAt: after(0), lastAt: after(5) };
    const series = runSeries([commit(0, { verifiers: [share] }), commit(1)], {
      active: [],
      now: START,
    });
    expect(series.untimed).toBe(1);
    expect(series.nodes).toMatchObject([{ node: "unknown" }]);
  });

  it("include shards in progress, without the step that is not over", () => {
    const active = {
      ...{ index: 1, node: "d1", startedAt: START + 5_000, users: 6, searches: 6, calls: 12 },
      nodes: 60,
    };
    const series = runSeries([commit(0, { drafter: "d1", committedAt: after(5) })], {
      active: [active],
      now: START + 8_500,
    });
    expect(series.usersPerSecond).toHaveLength(8);
    expect(series.usersPerSecond.slice(6).map((one) => one.toFixed(2))).toEqual(["1.71", "1.71"]);
  });

  it("of a run that has done nothing are empty", () => {
    const series = runSeries([], { active: [], now: START });
    expect(series).toMatchObject({ usersPerSecond: [0], callsPerUser: [null], nodes: [] });
  });
});

describe("the map of shards", () => {
  const standing = (shards: number, committed: Iterable<number>) => ({
    ...{ state: "planned" as const, shards, committed: new Set(committed), rows: shards * 10 },
    ...{ committedRows: 0, partial: undefined, paused: undefined, cancelled: undefined },
    plan: {
      ...{ format: "parquet" as const, partSize: 10, firstRow: 0, inputRows: shards * 10 },
      ...{ arguments: {}, versions: {} },
    },
  });

  it("has the state of each: what is committed is that, whatever Redis says", () => {
    const progress = { users: 4, searches: 4, calls: 8, nodes: 9 };
    const active = [1, 2].map((index) => ({
      ...{ index, node: "d1", startedAt: START, ...progress },
    }));
    const live = { active, delayed: [3, 4], setAside: [5] };
    const map = shardMap({ standing: standing(8, [0, 1]), setAside: [] }, live);
    expect(map.states).toBe("c2a1r2s1w2");
    expect(shardMapSchema.parse(map)).toEqual(map);
    expect(map.active).toContainEqual({ index: 2, node: "d1", users: 4, startedAt: after(0) });
  });

  it("of a partial run has the shards that were set aside", () => {
    const setAside = [{ index: 1, firstRow: 10, rows: 10, cause: "it failed" }];
    const map = shardMap({ standing: standing(3, [0, 2]), setAside }, NOTHING_LIVE);
    expect(map.states).toBe("c1s1c1");
  });

  it("of 100,000 shards is short where they are alike, and empty before the plan", () => {
    const done = Array.from({ length: 60_000 }, (_, index) => index);
    const map = shardMap({ standing: standing(100_000, done), setAside: [] }, NOTHING_LIVE);
    expect(map.states).toBe("c60000w40000");
    const unplanned = { ...standing(0, []), plan: undefined };
    expect(shardMap({ standing: unplanned, setAside: [] }, NOTHING_LIVE)).toMatchObject({
      total: 0,
      states: "",
    });
  });
});
