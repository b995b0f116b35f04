import type { RunStatus } from "@nightbeam/api";
import { metricsOf, type SetValue } from "@nightbeam/telemetry";
import { someRun } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { setRuns } from "../../src/metrics/set-runs.js";

const NOW = Date.parse("2026-11-27T03:00:00Z");

const base = someRun({
  users: { total: 100, done: 40, underWay: 7 },
  shards: { total: 10, done: 4, active: 2, waiting: 3, setAside: 1 },
});

const drift: NonNullable<RunStatus["drift"]> = {
  against: "before",
  users: { before: 90, now: 100 },
  rejected: { before: 1, now: 2 },
  callsPerUser: { before: 1.5, now: 1.8 },
  sampledUsers: 50,
  overlap: 0.75,
  sameFirst: 0.5,
};

function valuesOf(runs: readonly RunStatus[]): Map<string, number> {
  const values = new Map<string, number>();
  const set: SetValue = (name, value, ...labels) => {
    values.set([name, ...Object.values({ ...labels[0] })].join(" "), value);
  };
  setRuns(set, { runs, now: NOW });
  return values;
}

it("adds up runs in progress by night, and compares their end with the due time", () => {
  const late = { expectedAt: "2026-11-27T06:30:00.000Z", dueAt: "2026-11-27T06:00:00.000Z" };
  const values = valuesOf([
    { ...base, night: "shop", ...late },
    { ...base, night: "shop" },
    { ...base, expectedAt: "2026-11-27T04:00:00.000Z", dueAt: "2026-11-27T06:00:00.000Z" },
    { ...base, state: "complete" },
  ]);
  expect(values.get("nightbeam.runs running")).toBe(3);
  expect(values.get("nightbeam.runs complete")).toBe(1);
  expect(values.get("nightbeam.runs partial")).toBe(0);
  expect(values.get("nightbeam.run.users shop total")).toBe(200);
  expect(values.get("nightbeam.run.users  done")).toBe(40);
  expect(values.get("nightbeam.run.users  under_way")).toBe(7);
  expect(values.get("nightbeam.run.shards shop set_aside")).toBe(2);
  expect(values.get("nightbeam.run.remaining shop")).toBe(3.5 * 3_600);
  expect(values.get("nightbeam.run.lateness shop")).toBe(1_800);
  expect(values.get("nightbeam.run.lateness ")).toBe(-7_200);
});

it("counts a run that is past its due time as late also without an estimate", () => {
  const dueAt = "2026-11-27T02:50:00.000Z";
  expect(valuesOf([{ ...base, dueAt }]).get("nightbeam.run.lateness ")).toBe(600);
  expect(valuesOf([{ ...base, dueAt, expectedAt: dueAt }]).get("nightbeam.run.lateness ")).toBe(
    600,
  );
});

it("shows cost of the latest run and drift of the latest compared run of each night", () => {
  const price = { currency: "EUR", total: 1.25 };
  const cost = { drafterSeconds: 30, verifierSeconds: 70, price };
  const values = valuesOf([
    { ...base, night: "shop", cost },
    { ...base, night: "shop", state: "complete", drift, cost: { ...cost, drafterSeconds: 1 } },
    { ...base, night: "shop", state: "complete", drift: { ...drift, overlap: 0.1 } },
  ]);
  expect(values.get("nightbeam.run.node.time shop drafter")).toBe(30);
  expect(values.get("nightbeam.run.node.time shop verifier")).toBe(70);
  expect(values.get("nightbeam.run.cost shop EUR")).toBe(1.25);
  expect(values.get("nightbeam.night.users shop before")).toBe(90);
  expect(values.get("nightbeam.night.rejected shop latest")).toBe(2);
  expect(values.get("nightbeam.night.calls_per_user shop latest")).toBe(1.8);
  expect(values.get("nightbeam.night.overlap shop")).toBe(0.75);
  expect(values.get("nightbeam.night.same_first shop")).toBe(0.5);
});

it("sets every metric of runs and nights that the table has", () => {
  const cost = { drafterSeconds: 1, verifierSeconds: 1, price: { currency: "EUR", total: 1 } };
  const times = { expectedAt: "2026-11-27T06:30:00.000Z", dueAt: "2026-11-27T06:00:00.000Z" };
  const values = valuesOf([{ ...base, night: "shop", cost, drift, ...times }]);
  const set = new Set([...values.keys()].map((key) => key.split(" ", 1)[0]));
  const wanted = metricsOf("scheduler").filter((name) => /^nightbeam\.(runs?|night)\b/.test(name));
  expect(set).toEqual(new Set(wanted));
});
