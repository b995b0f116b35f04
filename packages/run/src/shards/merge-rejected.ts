import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ShardStore } from "@nightbeam/store";
import { storeFailed } from "@nightbeam/store";
import { type PartRecord, rejectedFileOf } from "../records/records.js";
import { REJECTED_FILE } from "../records/run-files.js";

/**
 * Joins the shards' rejected rows into one file, in the order of the records; by way of a local file,
 * because a run can reject more rows than memory holds. The same records give the same bytes.
 *
 * @throws RunError STORE_FAILED, STORE_DAMAGED
 */
export async function mergeRejected(
  store: ShardStore,
  records: readonly PartRecord[],
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "nightbeam-rejected-")).catch((error: unknown) => {
    throw storeFailed(tmpdir(), error);
  });
  const path = join(scratch, REJECTED_FILE);
  try {
    try {
      await pipeline(rejectedBytes(store, records), createWriteStream(path));
    } catch (error) {
      throw storeFailed(path, error);
    }
    await store.putFile(REJECTED_FILE, path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function* rejectedBytes(
  store: ShardStore,
  records: readonly PartRecord[],
): AsyncGenerator<Uint8Array> {
  for (const record of records) {
    const file = rejectedFileOf(record);
    if (file !== undefined) yield* store.open(file);
  }
}
