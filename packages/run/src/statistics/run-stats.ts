import { z } from "zod";
import type { FigureName } from "./figures.js";

/**
 * Statistics as a part, a manifest and the HTTP API state them: numbers by name, see `FIGURES`. Objects
 * that were read may have more names, written by another version. They are kept, in their order.
 */
export type RunStats = Readonly<Partial<Record<FigureName, number>>>;

/** Statistics as they are read from a file. A record keeps unknown names and the order of all. */
export const runStatsSchema: z.ZodType<RunStats> = z.record(z.string(), z.number());

/** The sums of a run, from which its other figures are derived. */
export interface RunTotals {
  /** Lists written. */
  readonly users: number;
  /** Input rows without a list. */
  readonly rejected: number;
  readonly stats: RunStats;
}

/** Adds statistics up by name; a name that is missing somewhere counts as zero there. */
export function sumStats(parts: Iterable<{ readonly stats: RunStats }>): RunStats {
  const sums = new Map<string, number>();
  for (const { stats } of parts) {
    for (const [name, value] of Object.entries(stats))
      sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return Object.fromEntries(sums);
}

/** Without the values that JSON cannot hold, such as a rate over nothing. */
export function finiteStats(stats: RunStats): RunStats {
  return Object.fromEntries(Object.entries(stats).filter(([, value]) => Number.isFinite(value)));
}

/** The derived figures of a run. Values that are not finite are to be left out, see `finiteStats`. */
export function runFigures({ users, stats }: Pick<RunTotals, "users" | "stats">): RunStats {
  const perSearch = (name: FigureName) => (stats[name] ?? 0) / (stats.searches ?? 0);
  const { ownLists, ownLastScores = 0, wallSeconds = 0 } = stats;
  return {
    callsPerUser: perSearch("targetCalls"),
    nodesPerUser: perSearch("nodes"),
    tokensPerUser: perSearch("tokens"),
    firstCallAcceptedSteps: perSearch("firstCallAcceptedSteps"),
    usersPerSecond: users / wallSeconds,
    ...(ownLists === undefined ? {} : { ownLastScore: ownLastScores / ownLists }),
  };
}
