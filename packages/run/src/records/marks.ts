import type { ShardStore } from "@nightbeam/store";
import { z } from "zod";
import { asJobsError } from "../shards/journal.js";
import { readRecord, recordBytes } from "./record-text.js";
import { CANCELLED_FILE, PARTIAL_FILE } from "./run-names.js";

const count = z.int().min(0);

const cancelledSchema = z.strictObject({
  /** ISO 8601, UTC. */
  cancelledAt: z.iso.datetime(),
  /** What the person said. */
  reason: z.string().exactOptional(),
});

const partialSchema = z.strictObject({
  /** ISO 8601, UTC. */
  setAsideAt: z.iso.datetime(),
  /** The shards that nothing was made of. */
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

/** What cancelled.json says. */
export type CancelledMark = Readonly<z.infer<typeof cancelledSchema>>;
/** What partial.json says. */
export type PartialMark = Readonly<z.infer<typeof partialSchema>>;
/** A shard that nothing was made of. */
export type MissingShard = PartialMark["missing"][number];

/** @throws RunError STORE_FAILED, STORE_DAMAGED */
export function readCancelled(store: ShardStore): Promise<CancelledMark | undefined> {
  return asJobsError(readRecord(store, CANCELLED_FILE, cancelledSchema));
}

/** @throws RunError STORE_FAILED, STORE_DAMAGED */
export function readPartial(store: ShardStore): Promise<PartialMark | undefined> {
  return asJobsError(readRecord(store, PARTIAL_FILE, partialSchema));
}

/** @throws RunError STORE_FAILED */
export function writeCancelled(store: ShardStore, mark: CancelledMark): Promise<void> {
  return store.replace(CANCELLED_FILE, recordBytes(mark));
}

/** @throws RunError STORE_FAILED */
export function writePartial(store: ShardStore, mark: PartialMark): Promise<void> {
  return store.replace(PARTIAL_FILE, recordBytes(mark));
}

/** Partial first: killed between the two, a cancelled run stays cancelled. @throws RunError STORE_FAILED */
export async function removeMarks(store: ShardStore): Promise<void> {
  await store.remove(PARTIAL_FILE);
  await store.remove(CANCELLED_FILE);
}
