import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a promise that may never settle, or fail, but no longer than `limitMs`. */
export async function within(promise: Promise<unknown>, limitMs: number): Promise<void> {
  const over = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([promise.catch(() => undefined), limit]);
  over.abort();
}
