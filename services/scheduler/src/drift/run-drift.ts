import type { Drift } from "@nightbeam/api";
import type { Recommendation } from "@nightbeam/dataset";
import { type Manifest, readStoredLists } from "@nightbeam/run";
import type { RunOutput } from "../runs/run-output.js";
import { compareSamples } from "./compare-samples.js";

type Part = Pick<Manifest["parts"][number], "file" | "firstRow" | "rowCount">;

/** A complete run. */
export interface CompleteRun {
  readonly id: string;
  readonly manifest: Pick<Manifest, "format" | "users" | "rejected" | "stats"> & {
    readonly parts: readonly Part[];
  };
  readonly output: Pick<RunOutput, "store">;
}

/** Parts of the later run whose lists are compared, evenly spaced. */
const PARTS = 8;
/** Rows of each that are compared. */
const ROWS_PER_PART = 500;
/**
 * Parts of the earlier run on each side of the same place, in which the same users are looked for: users come and go, and
 * the files of two nights are usually in the same order.
 */
const AROUND = 1;

/**
 * Compares a complete run with the one of the night before, by their manifests and the lists of some users: those of a few
 * parts, so that it takes as long for a hundred million users as for a hundred thousand.
 *
 * @throws StoreError; DatasetError UNREADABLE; the signal's reason
 */
export async function runDrift(
  { before, now }: { readonly before: CompleteRun; readonly now: CompleteRun },
  signal: AbortSignal,
): Promise<Drift> {
  const sample = await listsOf(now, { parts: spread(now.manifest.parts, PARTS), signal });
  const some = sample.flatMap(({ lists }) => lists.slice(0, ROWS_PER_PART));
  const users = new Set(some.map(({ user }) => user));
  const places = sample.map(({ part }) => (part.firstRow + part.rowCount / 2) / rowsOf(now));
  const old = await listsOf(before, { parts: near(before, places), signal });
  const same = old.flatMap(({ lists }) => lists.filter(({ user }) => users.has(user)));
  const [calls, oldCalls] = [now, before].map(({ manifest }) => manifest.stats.callsPerUser);
  return {
    against: before.id,
    users: { before: before.manifest.users, now: now.manifest.users },
    rejected: { before: before.manifest.rejected, now: now.manifest.rejected },
    ...(calls === undefined || oldCalls === undefined
      ? {}
      : { callsPerUser: { before: oldCalls, now: calls } }),
    ...compareSamples(same, some),
  };
}

async function listsOf(
  { manifest, output }: CompleteRun,
  { parts, signal }: { readonly parts: readonly Part[]; readonly signal: AbortSignal },
): Promise<readonly { readonly part: Part; readonly lists: readonly Recommendation[] }[]> {
  const byPart = new Map(parts.map((part) => [part, [] as Recommendation[]]));
  const { format } = manifest;
  for await (const { part, lists } of readStoredLists(output.store, { parts, format, signal })) {
    byPart.get(part)?.push(...lists);
  }
  return [...byPart].map(([part, lists]) => ({ part, lists }));
}

function rowsOf({ manifest }: CompleteRun): number {
  return manifest.parts.reduce((sum, { rowCount }) => sum + rowCount, 0);
}

/** At most `count` of them, evenly spaced. */
function spread<Value>(all: readonly Value[], count: number): Value[] {
  if (all.length <= count) return [...all];
  return Array.from({ length: count }, (_, at) => {
    return all.slice(Math.floor(((at + 0.5) * all.length) / count)).slice(0, 1);
  }).flat();
}

/** The parts at relative places of a run, and those around them. */
function near(run: CompleteRun, places: readonly number[]): Part[] {
  const rows = rowsOf(run);
  const { parts } = run.manifest;
  const wanted = new Set<Part>();
  for (const place of places) {
    const row = (parts[0]?.firstRow ?? 0) + place * rows;
    const at = parts.findIndex(({ firstRow, rowCount }) => row < firstRow + rowCount);
    const middle = at < 0 ? parts.length - 1 : at;
    for (const part of parts.slice(Math.max(0, middle - AROUND), middle + AROUND + 1)) {
      wanted.add(part);
    }
  }
  return parts.filter((part) => wanted.has(part));
}
