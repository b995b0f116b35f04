import { elapsedMs } from "../clock.js";

/** Calls `read` again only when its last result is older than `maxAgeMs`, and one at a time. */
export function kept<T>(read: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let last: { readonly value: Promise<T>; readonly at: number } | undefined;
  return () => {
    if (last !== undefined && elapsedMs() - last.at < maxAgeMs) return last.value;
    const value = read();
    last = { value, at: elapsedMs() };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}
