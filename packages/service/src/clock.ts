/** Time as a service measures it, handed in so that tests can turn the hands. */
export interface Clock {
  /** Milliseconds that only ever grow; their zero means nothing. */
  now(): number;
  /** Calls `then` once, after so many milliseconds; the returned function takes that back. */
  after(ms: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
