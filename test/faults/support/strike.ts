import type { RunStatus } from "@nightbeam/api";
import { expect } from "vitest";
import { type ClusterOptions, TestCluster } from "../../cluster/support/cluster.js";
import { largestScoreDifference, readLists } from "../../cluster/support/oracle.js";
import { type Commit, commitsOf, type Night } from "./night.js";

/** Maximum difference between scores of different machines, batches or caches. */
const SAME_SCORE = 1e-5;

/** A fault in the middle of a run. */
export type Fault = (struck: { cluster: TestCluster; runId: string; out: string }) => Promise<void>;

/**
 * Runs a night in its own cluster, causes a fault once some shards are done and many are not, and
 * compares the result with the lists of a single machine: every user once, the same items in the
 * same order. Prints the time until work continued.
 */
export async function strike(
  night: Night,
  options: { name: string; fault: Fault; cluster?: Partial<ClusterOptions> },
): Promise<void> {
  const { target, catalogue } = night.world;
  const cluster = await TestCluster.start({ target, catalogue, ...options.cluster });
  try {
    const out = cluster.out("night");
    const started = performance.now();
    const { run: submitted } = await cluster.submit({ ...night.request, out });
    const runId = submitted.id;
    await cluster.until(runId, { is: (run) => doneShards(run) >= 3 });
    const struckAt = Date.now();
    await options.fault({ cluster, runId, out });
    const run = await cluster.until(runId);
    expect(run.state, cluster.logs()).toBe("complete");
    const tookMs = performance.now() - started;
    await expectExact(night, out);
    const summary = recovery(await commitsOf(out), [struckAt]);
    console.log(`${options.name}: ${summary}; the run took ${seconds(tookMs)}`);
  } finally {
    await cluster.stop();
  }
}

/** Time without progress after faults, and time until lost shards were done. */
export function recovery(commits: readonly Commit[], faults: readonly number[]): string {
  const first = faults[0] ?? 0;
  const next = Math.min(...commits.map(({ at }) => at - first).filter((ms) => ms > 0));
  const again = commits
    .filter(({ start }) => start > 1)
    .map(({ at }) => at - Math.max(first, ...faults.filter((fault) => fault < at)))
    .toSorted((a, b) => a - b);
  const lost =
    again.length === 0
      ? "no shard was restarted"
      : `${again.length} shards were restarted and done ${seconds(again[again.length >> 1] ?? 0)} after the last fault (median), ${seconds(again.at(-1) ?? 0)} (longest)`;
  return `next shard after ${seconds(next)}, ${lost}`;
}

/** Every user exactly once, the same items in the same order, the same scores. */
export async function expectExact(night: Night, out: string): Promise<void> {
  const lists = await readLists(out);
  expect(lists.users).toEqual(night.expected.users);
  expect(lists.digest).toBe(night.expected.digest);
  expect(largestScoreDifference(lists, night.expected)).toBeLessThan(SAME_SCORE);
}

/** Whether enough of a run is left for a fault. */
export function isUnderWay({ state, shards }: RunStatus): boolean {
  if (state === "planning") return true;
  return state === "running" && shards !== undefined && shards.done < shards.total - 4;
}

export function doneShards({ shards }: RunStatus): number {
  return shards?.done ?? 0;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
