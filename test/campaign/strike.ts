import { seeded } from "@nightbeam/testing";
import type { Mend } from "./faults/kind.js";
import type { Step } from "./plan.js";
import type { Place } from "./support/place.js";

/** What a step cost. */
export interface Outcome {
  readonly kinds: readonly string[];
  /** From the moment when all was mended to the next commit; undefined if there was none in time. */
  readonly recoveryMs: number | undefined;
  /** Longest time without a commit, from the first fault to the first commit after the last was mended. */
  readonly standstillMs: number;
  /** What went wrong apart from the fault itself, such as a node that did not end or start. */
  readonly problems: readonly string[];
}

export interface StrikeOptions {
  readonly place: Place;
  readonly step: Step;
  /** Number of shards of the run that are committed now. */
  readonly committed: () => Promise<number>;
  /** Whether all are. */
  readonly isDone: (committed: number) => boolean;
}

const POLL_MS = 50;
/** A cluster that is mended must commit within this, with all its locks and pauses. */
const RECOVERS_WITHIN_MS = 120_000;

/** Causes the faults of a step, mends them, and waits until work goes on. */
export async function strike({ place, step, committed, isDone }: StrikeOptions): Promise<Outcome> {
  const problems: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message.slice(0, 2_000) : error}`);
      return undefined;
    }
  };
  const random = seeded(step.seed);
  const progress = watchProgress(committed);
  const mends: { readonly name: string; readonly mend: Mend }[] = [];
  for (const [at, kind] of step.kinds.entries()) {
    if (at > 0) await pause(step.delayMs);
    const mend = await attempt(`${kind.name} (cause)`, () => kind.begin(place, random));
    if (mend !== undefined) mends.push({ name: kind.name, mend });
  }
  await pause(step.lastsMs);
  // At the same time: what one mends may need what another mends.
  await Promise.all(mends.map(({ name, mend }) => attempt(`${name} (mend)`, mend)));
  await attempt("the servers and nodes", () => place.startMissing());
  const mendedAt = performance.now();
  const before = progress.last();
  let recoveryMs: number | undefined;
  while (performance.now() - mendedAt < RECOVERS_WITHIN_MS) {
    await pause(POLL_MS);
    const now = progress.last();
    if (now.count > before.count || isDone(now.count)) {
      recoveryMs = Math.max(0, now.at - mendedAt);
      break;
    }
  }
  const standstillMs = progress.stop();
  if (recoveryMs === undefined) problems.push("no commit within two minutes");
  return { kinds: step.kinds.map(({ name }) => name), recoveryMs, standstillMs, problems };
}

/** Follows the number of commits. */
function watchProgress(committed: () => Promise<number>) {
  let last = { count: 0, at: performance.now() };
  let standstillMs = 0;
  let stopped = false;
  const poll = async () => {
    while (!stopped) {
      const count = await committed().catch(() => last.count);
      const now = performance.now();
      if (count > last.count) {
        standstillMs = Math.max(standstillMs, now - last.at);
        last = { count, at: now };
      }
      await pause(POLL_MS);
    }
  };
  void poll();
  return {
    last: () => last,
    stop: () => {
      stopped = true;
      return standstillMs;
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
