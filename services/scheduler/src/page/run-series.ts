import type { RunSeries } from "@nightbeam/api";
import type { PartRecord } from "@nightbeam/run";
import { isoTime } from "../clock.js";
import type { ActiveShard } from "../runs/run-status.js";

/** Charts show at most this many steps. */
const MAX_STEPS = 120;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600];
const UNKNOWN = "unknown";

/** What a drafter did between two moments, in epoch milliseconds. */
interface Work {
  readonly node: string;
  readonly from: number;
  readonly to: number;
  readonly users: number;
  readonly searches: number;
  readonly calls: number;
  readonly nodes: number;
}

/**
 * The figures of a run over time, from its commit records and the shards in progress, so nothing has to be kept while it
 * runs. What a shard did counts evenly over the time that it took.
 */
export function runSeries(
  commits: readonly PartRecord[],
  { active, now }: { readonly active: readonly ActiveShard[]; readonly now: number },
): RunSeries {
  const done = commits.flatMap((record) => workOf(record) ?? []);
  const work = [...done, ...active.flatMap((shard) => workUnderWay(shard, now) ?? [])];
  const from = minOf(work.map((one) => one.from)) ?? now;
  const to = maxOf(work.map((one) => one.to)) ?? now;
  const seconds = (to - from) / 1_000;
  const stepSeconds = STEPS_S.find((step) => seconds / step <= MAX_STEPS) ?? seconds / MAX_STEPS;
  // The last step of a run in progress is not over.
  const wholeSteps = active.length > 0 ? Math.floor : Math.ceil;
  const steps = Math.max(1, wholeSteps(seconds / stepSeconds));
  const grid = { from, stepMs: stepSeconds * 1_000, steps };
  const names = [...new Set(work.map(({ node }) => node))].toSorted();
  const searches = spread(work, { ...grid, of: (one) => one.searches });
  const perSearch = (of: (one: Work) => number) =>
    spread(work, { ...grid, of }).map((sum, step) => {
      const count = searches[step] ?? 0;
      return count > 0 ? sum / count : null;
    });
  const rate = (some: readonly Work[]) =>
    spread(some, { ...grid, of: (one) => one.users }).map((users) => users / stepSeconds);
  return {
    from: isoTime(from),
    stepSeconds,
    usersPerSecond: rate(work),
    callsPerUser: perSearch((one) => one.calls),
    nodesPerUser: perSearch((one) => one.nodes),
    nodes: names.map((node) => {
      return { node, usersPerSecond: rate(work.filter((one) => one.node === node)) };
    }),
    untimed: commits.length - done.length,
    draftWidths: widthsOf(commits),
  };
}

/** Undefined if it is not known when it was done. */
function workOf(record: PartRecord): Work | undefined {
  const { stats, rowCount, verifiers = [], drafter = UNKNOWN, committedAt } = record;
  const to =
    committedAt ??
    verifiers
      .map(({ lastAt }) => lastAt)
      .toSorted()
      .at(-1);
  if (to === undefined) return undefined;
  const end = Date.parse(to);
  return {
    node: drafter,
    from: end - Math.max(1, (stats.busySeconds ?? 0) * 1_000),
    to: end,
    users: rowCount,
    searches: stats.searches ?? 0,
    calls: stats.targetCalls ?? 0,
    nodes: stats.nodes ?? 0,
  };
}

function workUnderWay(shard: ActiveShard, now: number): Work | undefined {
  const { startedAt, node = UNKNOWN, users, searches, calls, nodes } = shard;
  if (startedAt === undefined || startedAt >= now || users === 0) return undefined;
  return { node, from: startedAt, to: now, users, searches, calls, nodes };
}

interface Grid {
  readonly from: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** Sums per step; each amount counts evenly over its time. */
function spread(
  work: readonly Work[],
  { from, stepMs, steps, of }: Grid & { readonly of: (one: Work) => number },
): number[] {
  const sums = new Float64Array(steps);
  for (const one of work) {
    const amount = of(one);
    const span = Math.max(1, one.to - one.from);
    const first = Math.max(0, Math.floor((one.from - from) / stepMs));
    const last = Math.min(steps - 1, Math.floor((one.to - from) / stepMs));
    for (let step = first; step <= last; step++) {
      const start = from + step * stepMs;
      const overlap = Math.min(one.to, start + stepMs) - Math.max(one.from, start);
      sums[step] = (sums[step] ?? 0) + (amount * Math.max(0, overlap)) / span;
    }
  }
  return Array.from(sums);
}

function widthsOf(commits: readonly PartRecord[]): RunSeries["draftWidths"] {
  const counts = new Map<string, { readonly widths: number[]; shards: number }>();
  for (const { draftWidths } of commits) {
    if (draftWidths === undefined) continue;
    const key = draftWidths.join(",");
    const one = counts.get(key) ?? { widths: draftWidths, shards: 0 };
    one.shards++;
    counts.set(key, one);
  }
  return [...counts.values()].sort((a, b) => b.shards - a.shards).slice(0, 5);
}

function minOf(values: readonly number[]): number | undefined {
  return values.reduce<number | undefined>((min, one) => Math.min(min ?? one, one), undefined);
}

function maxOf(values: readonly number[]): number | undefined {
  return values.reduce<number | undefined>((max, one) => Math.max(max ?? one, one), undefined);
}
