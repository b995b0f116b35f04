import { type CostLine, fitLine, type TimedPass } from "@nightbeam/recommend";
import type { Clock } from "@nightbeam/service";

/** The fastest of this many tries per size counts; the others were disturbed. */
const TRIES = 3;
/** After this time no more sizes are measured, if there are two. */
const LONG_ENOUGH_MS = 3_000;

/** A made-up call that can be timed. */
export interface TimedCall {
  /** Rows that it is expected to compute. */
  readonly rows: number;
  /** @returns rows that were computed */
  run(): Promise<number>;
}

export interface CostOptions {
  /** Calls of different sizes, the smallest first. */
  readonly calls: readonly TimedCall[];
  readonly clock: Clock;
  /** Maximum rows of a call. */
  readonly maxTokens: number;
}

/**
 * Times made-up calls of different sizes, one at a time, on a worker that serves no other calls yet.
 *
 * @throws ModelError RUNTIME
 */
export async function measureCost({ calls, clock, maxTokens }: CostOptions): Promise<CostLine> {
  const timed = async (call: TimedCall): Promise<TimedPass> => {
    const startedAt = clock.now();
    const tokens = await call.run();
    return { tokens, milliseconds: clock.now() - startedAt };
  };
  const [smallest] = calls;
  // The first call of a session allocates memory, so it is not representative.
  if (smallest !== undefined) await timed(smallest);
  const passes: TimedPass[] = [];
  const startedAt = clock.now();
  const isLong = () => clock.now() - startedAt > LONG_ENOUGH_MS;
  for (const call of calls) {
    // A line needs two sizes, however long they take.
    if (passes.length >= 2 && (isLong() || call.rows > maxTokens)) continue;
    let best = await timed(call);
    for (let tries = 1; tries < TRIES && !isLong(); tries++) {
      const again = await timed(call);
      if (again.milliseconds < best.milliseconds) best = again;
    }
    passes.push(best);
  }
  return fitLine(passes);
}
