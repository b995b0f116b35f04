import { type Clock, unlessAborted } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { StoreError } from "@nightbeam/store";

export interface WaitOutOptions {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Called after each failure of the store. */
  readonly onTrouble: (reason: string) => void;
  readonly clock: Clock;
  /** 0 to 1, without 1. Default: Math.random. */
  readonly random?: () => number;
}

const MIN_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 60_000;

/**
 * Repeats an operation of the store while the store fails, after growing pauses, so that lists that were computed are
 * not computed again.
 *
 * @throws what the operation throws, unless it is StoreError STORE_FAILED; the signal's reason
 */
export async function waitOut<Result>(
  operation: () => Promise<Result>,
  { signal, onTrouble, clock, random = Math.random }: WaitOutOptions,
): Promise<Result> {
  for (let pauseMs = MIN_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
    try {
      return await operation();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError) || error.code !== "STORE_FAILED") throw error;
      onTrouble(reasonOf(error));
      await pause(pauseMs * (0.75 + random() / 2), { signal, clock });
    }
  }
}

async function pause(
  ms: number,
  { signal, clock }: Pick<WaitOutOptions, "signal" | "clock">,
): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  try {
    await unlessAborted(over, signal);
  } finally {
    cancel();
  }
}
