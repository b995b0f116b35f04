import type { Rejects } from "@nightbeam/api";
import { type PartRecord, readPartRejected } from "@nightbeam/run";
import type { ShardStore } from "@nightbeam/store";

/** Files that are read for samples. */
const MAX_FILES = 20;
const MAX_SAMPLES = 5;

/** The rejected rows of a run: how many by reason, and some of each. @throws RunError, StoreError */
export async function rejectSamples(
  store: ShardStore,
  commits: readonly PartRecord[],
): Promise<Rejects> {
  const reasons = new Map<
    string,
    { count: number; samples: Rejects["reasons"][number]["samples"] }
  >();
  const rejecting = commits.filter(({ rejected }) => rejected > 0);
  const total = rejecting.reduce((sum, { rejected }) => sum + rejected, 0);
  for (const record of spaced(rejecting, MAX_FILES)) {
    for (const { reason, row, user, detail } of await readPartRejected(store, record)) {
      const one = reasons.get(reason) ?? { count: 0, samples: [] };
      one.count++;
      if (one.samples.length < MAX_SAMPLES)
        one.samples.push({ row, detail, ...(user === undefined ? {} : { user }) });
      reasons.set(reason, one);
    }
  }
  const read = [...reasons.values()].reduce((sum, { count }) => sum + count, 0);
  return {
    total,
    isComplete: read === total,
    reasons: [...reasons]
      .map(([reason, one]) => ({ reason, ...one }))
      .sort((a, b) => b.count - a.count),
  };
}

/** At most `count` of all, evenly spaced. */
function spaced<T>(all: readonly T[], count: number): readonly T[] {
  const every = Math.max(1, Math.ceil(all.length / count));
  return all.filter((_, place) => place % every === 0);
}
