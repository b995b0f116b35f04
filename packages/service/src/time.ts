/** Time as a service measures it, passed in so that tests can advance it. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls `then` once, after `ms` milliseconds. @returns what cancels that */
  after(ms: number, then: () => void): () => void;
}

/** The process's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** Calls `work` every `everyMs` milliseconds. @returns what stops it */
export function repeat(clock: Clock, everyMs: number, work: () => void): () => void {
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(everyMs, () => {
      next();
      work();
    });
  };
  next();
  return () => cancel();
}

/**
 * Waits until work succeeds or fails, for at most `ms` milliseconds.
 *
 * @returns whether it ended in time
 */
export async function within(
  work: Promise<unknown>,
  { ms, clock = systemClock }: { readonly ms: number; readonly clock?: Clock },
): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    cancel();
  }
}

/**
 * Waits for work that must end within `ms` milliseconds; late work goes on without a listener.
 *
 * @throws what the work throws; the error that `late` returns
 */
export async function inTime<Value>(
  work: Promise<Value>,
  { late, ...limit }: { readonly ms: number; readonly late: () => Error; readonly clock?: Clock },
): Promise<Value> {
  if (await within(work, limit)) return work;
  throw late();
}

/**
 * Waits for work unless a signal is aborted first; the work itself goes on.
 *
 * @throws the signal's reason once it is aborted; what the work throws
 */
export async function unlessAborted<Value>(
  work: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([aborted, work]);
  } catch (error) {
    // Work that watches the signal too may fail first, with an error of its own.
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
