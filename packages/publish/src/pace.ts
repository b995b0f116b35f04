import { setTimeout as sleep } from "node:timers/promises";

/** The most that is written per second. */
export interface Rate {
  readonly unit: "users" | "bytes";
  readonly perSecond: number;
}

const SIZES: Readonly<Record<string, number>> = { kB: 1e3, MB: 1e6, GB: 1e9 };

/** "5000" for users, "20MB" for bytes per second. @returns undefined if the text is neither */
export function parseRate(text: string): Rate | undefined {
  const [, number = "", size = ""] = /^(\d+(?:\.\d+)?)(kB|MB|GB)?$/.exec(text) ?? [];
  const perSecond = Number(number) * (SIZES[size] ?? 1);
  if (perSecond <= 0) return undefined;
  return { unit: size === "" ? "users" : "bytes", perSecond };
}

/** What a write counts as. */
export interface WriteSize {
  readonly users: number;
  readonly bytes: number;
}

/**
 * Spreads writes over time: each waits until those before it have used up their time. A write is never divided, so the
 * rate holds over some seconds, not within each.
 *
 * @returns waits until a write of that size may start
 */
export function pace(
  rate: Rate | undefined,
  { now = () => performance.now(), wait = (ms: number) => sleep(ms) } = {},
): (size: WriteSize) => Promise<unknown> {
  if (rate === undefined) return () => Promise.resolve();
  let freeAt = now();
  return (size) => {
    const startsAt = Math.max(freeAt, now());
    freeAt = startsAt + (size[rate.unit] / rate.perSecond) * 1_000;
    return wait(startsAt - now());
  };
}
