import type { Rejects } from "@nightbeam/api";
import { type PartRecord, RejectTally, readPartRejected } from "@nightbeam/run";
import type { ShardStore } from "@nightbeam/store";

/** Files that are read for samples. */
const MAX_FILES = 20;
const MAX_SAMPLES = 5;

/** The rejected rows of a run: how many by reason, and some of each. @throws RunError, StoreError */
export async function rejectSamples(
  store: ShardStore,
  commits: readonly PartRecord[],
): Promise<Rejects> {
  const tally = new RejectTally(MAX_SAMPLES);
  const rejecting = commits.filter(({ rejected }) => rejected > 0);
  const total = rejecting.reduce((sum, { rejected }) => sum + rejected, 0);
  for (const record of spaced(rejecting, MAX_FILES)) {
    for (const row of await readPartRejected(store, record)) tally.add(row);
  }
  const { reasons } = tally;
  const read = reasons.reduce((sum, { count }) => sum + count, 0);
  return {
    total,
    isComplete: read === total,
    reasons: reasons.map(({ samples, ...one }) => ({
      ...one,
      samples: samples.map(({ reason: _, ...sample }) => sample),
    })),
  };
}

/** At most `count` of all, evenly spaced. */
function spaced<T>(all: readonly T[], count: number): readonly T[] {
  const every = Math.max(1, Math.ceil(all.length / count));
  return all.filter((_, place) => place % every === 0);
}
