import type { RunStats } from "./run-stats.js";

/**
 * How many proposed items have a log-likelihood above each whole threshold: from the threshold in
 * nats, at most -1, to the count. Thresholds that no item exceeds may be missing.
 */
export type CandidateHistogram = ReadonlyMap<number, number>;

/** Which candidates are counted: all that were checked, or the new ones among them. */
export type CountedCandidates = "candidates" | "newCandidates";

/** A histogram as statistics: `candidatesAbove-9` is the number of items above -9 nats. */
export function histogramStats(
  histogram: CandidateHistogram,
  of: CountedCandidates = "candidates",
): RunStats {
  return Object.fromEntries([...histogram].map(([nats, count]) => [`${of}Above${nats}`, count]));
}

/** The histogram that statistics hold, highest threshold first; empty if they hold none. */
export function candidateHistogram(
  stats: RunStats,
  of: CountedCandidates = "candidates",
): CandidateHistogram {
  const prefix = `${of}Above`;
  const counts = Object.entries(stats).flatMap(([name, count]): [number, number][] => {
    const nats = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    return nats < 0 ? [[nats, count]] : [];
  });
  return new Map(counts.toSorted(([a], [b]) => b - a));
}
