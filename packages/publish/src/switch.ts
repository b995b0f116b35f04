import { PublishError } from "./errors.js";
import type { ListStore } from "./list-store.js";
import { type Pointer, pointerSchema, type VersionRecord } from "./version.js";

/** What a switch did. */
export interface Switched {
  /** What readers see now. */
  readonly pointer: Pointer;
  /** What they saw before; undefined if nothing. */
  readonly before: Pointer | undefined;
}

/** Makes readers see a version that is complete. The record that led here is kept if they see it already. */
export async function switchTo(
  store: ListStore,
  { record, at }: { readonly record: VersionRecord; readonly at: Date },
): Promise<Switched> {
  const before = await store.readPointer();
  if (before?.version === record.version) return { pointer: before, before };
  const now = at.toISOString();
  const { retiredAt: _, ...current } = record;
  await store.writeRecord({ ...current, touchedAt: now });
  const pointer = pointerSchema.parse({ format: 1, ...record, switchedAt: now });
  await store.writePointer(pointer);
  const left = (await store.readRecords()).find((one) => one.version === before?.version);
  if (left !== undefined) await store.writeRecord({ ...left, retiredAt: now });
  return { pointer, before };
}

/**
 * Makes readers see an earlier version again.
 *
 * @param version Default: the one that readers saw before the present one was published
 * @throws PublishError NO_VERSION
 */
export async function rollBack(
  store: ListStore,
  { version, at = new Date() }: { readonly version?: string | undefined; readonly at?: Date } = {},
): Promise<Switched> {
  const [pointer, records] = await Promise.all([store.readPointer(), store.readRecords()]);
  const present = records.find((one) => one.version === pointer?.version);
  const wanted = version ?? present?.before;
  const record = records.find((one) => one.version === wanted && one.state === "complete");
  if (record !== undefined) return switchTo(store, { record, at });
  const whole = records.filter(({ state }) => state === "complete").map((one) => one.version);
  const problem =
    wanted === undefined
      ? "no version before the present one"
      : `no version ${wanted} to return to`;
  throw new PublishError(
    "NO_VERSION",
    `${store.place} has ${problem}. ${whole.length === 0 ? "It has none" : `It has ${whole.toSorted().join(", ")}`}.`,
  );
}

/** Which versions are removed. */
export interface Retention {
  /** Versions that stay, the one that readers see included. */
  readonly keep: number;
  /** How long a version stays after readers were switched away from it, in milliseconds. */
  readonly graceMs: number;
}

/** What happens to older versions. */
export interface Retired {
  readonly removed: readonly string[];
  /** Those that are due, but may still be read. */
  readonly waiting: readonly string[];
}

/** A version that nothing was written to for this long is what a killed publication left. */
const ABANDONED_MS = 3_600_000;

/**
 * Removes versions that no reader can see any more. A reader that read the pointer just before a switch goes on with
 * the version before for as long as it likes, up to the grace.
 */
export async function removeOld(
  store: ListStore,
  options: Retention & { readonly at: Date; readonly dryRun?: boolean },
): Promise<Retired> {
  const { keep, graceMs, at, dryRun = false } = options;
  const [pointer, records] = await Promise.all([store.readPointer(), store.readRecords()]);
  const others = records.filter(({ version }) => version !== pointer?.version);
  const previous = records.find(({ version }) => version === pointer?.version)?.before;
  const complete: VersionRecord[] = [];
  for (const record of others.filter(({ state }) => state === "complete")) {
    if (record.retiredAt !== undefined) complete.push(record);
    else {
      // A publication was killed right before or after its switch.
      const marked = { ...record, retiredAt: at.toISOString() };
      if (!dryRun) await store.writeRecord(marked);
      complete.push(marked);
    }
  }
  const age = (time: string | undefined) => at.getTime() - Date.parse(time ?? at.toISOString());
  // First the one that a rollback returns to, then those that readers saw last.
  complete.sort(
    (a, b) =>
      Number(b.version === previous) - Number(a.version === previous) ||
      age(a.retiredAt) - age(b.retiredAt),
  );
  const due = complete.slice(Math.max(0, keep - 1));
  const abandoned = others.filter(
    ({ state, touchedAt }) => state === "writing" && age(touchedAt) >= ABANDONED_MS,
  );
  const removed = [...due.filter(({ retiredAt }) => age(retiredAt) >= graceMs), ...abandoned];
  for (const version of dryRun ? [] : removed) await store.remove(version);
  const waiting = due.filter((one) => !removed.includes(one));
  const names = (some: readonly VersionRecord[]) => some.map(({ version }) => version);
  return { removed: names(removed), waiting: names(waiting) };
}
