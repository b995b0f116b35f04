/** Reads a value again and again while someone follows it. */
export interface Poller<Value> {
  /** Calls the listener with the value, at once if it is known and after each reading. @returns ends it */
  follow(listener: (value: Value) => void): () => void;
  close(): void;
}

export interface PollerOptions<Value> {
  readonly read: () => Promise<Value> | Value;
  /** Pause between readings, at least. */
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** A reading takes at most this part of the time, so that one that is slow is done less often. */
const BUSY_PART = 0.2;

export function poller<Value>(options: PollerOptions<Value>): Poller<Value> {
  const { read, everyMs, onError } = options;
  const listeners = new Set<(value: Value) => void>();
  let latest: { readonly value: Value } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isRunning = false;
  const round = async () => {
    isRunning = true;
    const began = performance.now();
    try {
      const value = await read();
      latest = { value };
      for (const listener of listeners) listener(value);
    } catch (error) {
      onError(error);
    }
    isRunning = false;
    const took = performance.now() - began;
    if (listeners.size > 0) timer = setTimeout(round, Math.max(everyMs, took / BUSY_PART));
    else latest = undefined;
  };
  return {
    follow: (listener) => {
      listeners.add(listener);
      if (latest !== undefined) listener(latest.value);
      if (listeners.size === 1 && !isRunning) void round();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(timer);
        latest = undefined;
      };
    },
    close: () => {
      listeners.clear();
      clearTimeout(timer);
    },
  };
}
