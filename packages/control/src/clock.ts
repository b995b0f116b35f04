/** Time for the bookkeeping of nodes, handed in so that tests need not wait. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Does the work again and again. @returns what stops it */
  repeat(everyMs: number, work: () => void): () => void;
}

/** The process's monotonic clock: setting the wall clock makes no node expire. */
export const systemClock: Clock = {
  now: () => performance.now(),
  repeat: (everyMs, work) => {
    const timer = setInterval(work, everyMs);
    return () => clearInterval(timer);
  },
};
