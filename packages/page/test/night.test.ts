import { readFileSync } from "node:fs";
import { ALARM_KINDS } from "@nightbeam/api";
import { describe, expect, it } from "vitest";
import { ALARM_REMEDIES } from "../src/web/night/alarm-remedies.js";
import { rateOf, secondsLeft, usersDone, withSample } from "../src/web/night/rates.js";
import { linkTo, parseRoute, type Route } from "../src/web/night/route.js";
import { colourNumber, mapPixels } from "../src/web/night/run/draw-map.js";
import {
  countStates,
  decodeStates,
  layOut,
  moved,
  nextInState,
  shardAt,
} from "../src/web/night/run/map-layout.js";
import { bytes, digits, duration, percent, short, whole } from "../src/web/parts/format.js";

describe("addresses", () => {
  const routes: readonly Route[] = [
    { view: "overview" },
    { view: "runs" },
    { view: "nights" },
    { view: "nodes" },
    { view: "alarms" },
    { view: "run", runId: "night-1" },
    { view: "run", runId: "night-1", shard: 17 },
    { view: "user", runId: "night-1", user: "a/b #c?d%é" },
  ];
  it.each(routes)("are read as they are written: %j", (route) => {
    expect(parseRoute(linkTo(route))).toEqual(route);
  });

  it.each(["", "#", "#/nothing", "#/%E0%A4%A"])("that are unknown are the overview: %j", (hash) => {
    expect(parseRoute(hash)).toEqual({ view: "overview" });
  });

  it("of a run stay one with a wrong shard", () => {
    expect(parseRoute("#/runs/r-1/shards/x")).toEqual({ view: "run", runId: "r-1" });
  });
});

describe("the rate of a run", () => {
  const at = (seconds: number, users: number) => ({ at: seconds * 1_000, users });

  it("is that of the last minute", () => {
    let samples = [at(0, 0)] as ReturnType<typeof withSample>;
    for (let second = 1; second <= 100; second++) {
      samples = withSample(samples, at(second, second <= 40 ? second * 100 : 4_000));
    }
    expect(rateOf([at(0, 0), at(40, 4_000)], 40_000)).toBe(100);
    expect(rateOf(samples, 100_000)).toBeCloseTo(100 / 61, 5);
    expect(rateOf(samples.slice(1), 100_000)).toBe(0);
    expect(samples.length).toBeLessThan(64);
  });

  it("is unknown at first, and begins again when shards are computed again", () => {
    expect(rateOf(withSample([], at(0, 10)), 1_000)).toBeUndefined();
    expect(withSample([at(0, 1_000)], at(1, 500))).toEqual([at(1, 500)]);
  });

  it("shows the time left by the rate, or else by the scheduler's estimate", () => {
    const run = { state: "running", users: { total: 100, done: 40, underWay: 10 } } as const;
    expect(usersDone(run)).toBe(50);
    expect(secondsLeft(run, { rate: 5, now: 0 })).toBe(10);
    const expectedAt = "1970-01-01T00:01:00.000Z";
    expect(secondsLeft({ ...run, expectedAt }, { rate: undefined, now: 0 })).toBe(60);
    expect(secondsLeft({ ...run, state: "paused" }, { rate: 5, now: 0 })).toBeUndefined();
  });
});

describe("the map", () => {
  it("reads run lengths, and never more than there are shards", () => {
    expect([...decodeStates("c2a1w3s1r1", 8)]).toEqual([3, 3, 1, 0, 0, 0, 4, 2]);
    expect([...decodeStates("c99999", 3)]).toEqual([3, 3, 3]);
    expect(countStates(decodeStates("c2a1w3s1r1", 8))).toEqual([3, 1, 1, 2, 1]);
  });

  it.each([1, 7, 802, 20_000, 100_000])("fits %i shards into its box", (total) => {
    const layout = layOut(total, { width: 860, height: 340 });
    expect(layout.columns * layout.rows).toBeGreaterThanOrEqual(total);
    expect(layout.columns * layout.step).toBeLessThanOrEqual(860);
    expect(layout.rows * layout.step).toBeLessThanOrEqual(total < 50_000 ? 340 : 500);
    const last = total - 1;
    const x = (last % layout.columns) * layout.step + 1;
    const y = Math.floor(last / layout.columns) * layout.step + 1;
    expect(shardAt(layout, { x, y, total })).toBe(last);
    expect(shardAt(layout, { x: 860, y, total })).toBeUndefined();
  });

  it("is walked by keys, and from a state to the next one", () => {
    const grid = { columns: 10, total: 25 };
    expect(moved(3, { key: "ArrowDown", ...grid })).toBe(13);
    expect(moved(20, { key: "ArrowDown", ...grid })).toBe(24);
    expect(moved(3, { key: "Home", ...grid })).toBe(0);
    expect(moved(3, { key: "x", ...grid })).toBeUndefined();
    const states = decodeStates("w2a1w2a1", 6);
    expect(nextInState(states, { after: 2, state: 1 })).toBe(5);
    expect(nextInState(states, { after: 5, state: 1 })).toBe(2);
    expect(nextInState(states, { after: 0, state: 4 })).toBeUndefined();
  });

  it("is drawn cell by cell, with gaps", () => {
    const layout = { step: 3, size: 2, columns: 2, rows: 2 };
    const states = decodeStates("c1a1w1", 3);
    const { width, height, pixels } = mapPixels({
      states,
      layout,
      colours: [7, 8, 0, 9],
      scale: 1,
    });
    expect([width, height]).toEqual([6, 6]);
    const row = (at: number) => [...pixels.subarray(at * 6, at * 6 + 6)];
    expect([row(0), row(1), row(2)]).toEqual([
      [9, 9, 0, 8, 8, 0],
      [9, 9, 0, 8, 8, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(row(3)).toEqual([7, 7, 0, 0, 0, 0]);
    expect(colourNumber(" #4fb08a").toString(16)).toBe("ff8ab04f");
  });
});

describe("numbers", () => {
  it("are short and have the digits that matter", () => {
    expect([whole(12_345.6), short(9_999), short(20_040)]).toEqual(["12,346", "9,999", "20K"]);
    expect([0, 0.0421, 4.213, 42.13, 421.3].map(digits)).toEqual([
      "0",
      "0.042",
      "4.21",
      "42.1",
      "421",
    ]);
    expect([0, 0.042, 0.999, 1].map(percent)).toEqual(["0%", "4.2%", "99%", "100%"]);
    expect([45, 200, 7_500, 270_000].map(duration)).toEqual([
      "45 s",
      "3 min 20 s",
      "2 h 05 min",
      "3 d 3 h",
    ]);
    expect([0, 999, 1_234_567].map(bytes)).toEqual(["0 B", "999 B", "1.23 MB"]);
  });
});

describe("remedies of alarms", () => {
  const guide = readFileSync(new URL("../../../docs/guides/alarms.md", import.meta.url), "utf8");
  const rows = new Map(
    [...guide.matchAll(/^\| `(\w+)`\s*\|[^|]*\|([^|]*)\|/gm)].map(([, kind = "", what = ""]) => [
      kind,
      what.trim(),
    ]),
  );
  it.each(ALARM_KINDS)("are those of the guide: %s", (kind) => {
    const written = rows.get(kind) === "the same" ? rows.get("run_late") : rows.get(kind);
    expect(ALARM_REMEDIES[kind]).toBe(written);
  });
});
