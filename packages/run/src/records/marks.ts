import type { ShardStore } from "@nightbeam/store";
import { z } from "zod";
import { CANCELLED_FILE, PARTIAL_FILE, PAUSED_FILE } from "./names.js";
import { readRecord, recordBytes } from "./record-file.js";

const count = z.int().min(0);

const cancelledSchema = z.strictObject({
  /** ISO 8601, UTC. */
  cancelledAt: z.iso.datetime(),
  /** The reason that the user gave. */
  reason: z.string().exactOptional(),
});

const pausedSchema = z.strictObject({
  /** ISO 8601, UTC. */
  pausedAt: z.iso.datetime(),
});

const partialSchema = z.strictObject({
  /** ISO 8601, UTC. */
  setAsideAt: z.iso.datetime(),
  /** The shards that were given up. */
  missing: z.array(
    z.strictObject({
      index: count,
      firstRow: count,
      /** Input rows. */
      rows: count,
      /** Why the last attempt failed. */
      cause: z.string(),
    }),
  ),
});

/** The content of cancelled.json. */
export type CancelledMark = Readonly<z.infer<typeof cancelledSchema>>;
/** The content of paused.json. */
export type PausedMark = Readonly<z.infer<typeof pausedSchema>>;
/** The content of partial.json. */
export type PartialMark = Readonly<z.infer<typeof partialSchema>>;
/** A shard that was given up. */
export type MissingShard = PartialMark["missing"][number];

/** @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export function readCancelled(store: ShardStore): Promise<CancelledMark | undefined> {
  return readRecord(store, {
    name: CANCELLED_FILE,
    schema: cancelledSchema,
    damage: "STORE_DAMAGED",
  });
}

/** @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export function readPaused(store: ShardStore): Promise<PausedMark | undefined> {
  return readRecord(store, { name: PAUSED_FILE, schema: pausedSchema, damage: "STORE_DAMAGED" });
}

/** @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export function readPartial(store: ShardStore): Promise<PartialMark | undefined> {
  return readRecord(store, {
    name: PARTIAL_FILE,
    schema: partialSchema,
    damage: "STORE_DAMAGED",
  });
}

/** @throws StoreError STORE_FAILED */
export function writeCancelled(store: ShardStore, mark: CancelledMark): Promise<void> {
  return store.replace(CANCELLED_FILE, recordBytes(mark));
}

/** @throws StoreError STORE_FAILED */
export function writePaused(store: ShardStore, mark: PausedMark): Promise<void> {
  return store.replace(PAUSED_FILE, recordBytes(mark));
}

/** @throws StoreError STORE_FAILED */
export function removePaused(store: ShardStore): Promise<void> {
  return store.remove(PAUSED_FILE);
}

/** @throws StoreError STORE_FAILED */
export function writePartial(store: ShardStore, mark: PartialMark): Promise<void> {
  return store.replace(PARTIAL_FILE, recordBytes(mark));
}

/** cancelled.json last: a process killed in between leaves the run cancelled. @throws StoreError STORE_FAILED */
export async function removeMarks(store: ShardStore): Promise<void> {
  await store.remove(PARTIAL_FILE);
  await removePaused(store);
  await store.remove(CANCELLED_FILE);
}
