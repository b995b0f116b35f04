import type { ShardStore } from "@nightbeam/store";
import { storeJournal } from "../records/journal.js";
import type { PartRecord } from "../records/records.js";
import { discardWritten, type ShardResult, writeShard } from "./write-shard.js";

export interface ShardCommit {
  /** Whether this attempt created the record. */
  readonly created: boolean;
  /** The record that counts. */
  readonly record: PartRecord;
  /**
   * Whether this attempt equals the committed one, byte for byte. False means that the same rows gave
   * different lists, which must never happen: the caller raises an alarm.
   */
  readonly same: boolean;
}

/**
 * Commits a written shard: of any number of attempts, on any number of machines, the first one counts.
 * The files of the others are removed. Call it again with the same record if the outcome of the first
 * call is not known.
 *
 * @throws RunError STORE_DAMAGED; StoreError STORE_FAILED. The record may exist nevertheless, so the
 * files stay
 */
export async function commitWritten(store: ShardStore, written: PartRecord): Promise<ShardCommit> {
  const { created, record } = await storeJournal(store).commit(written);
  if (created || record.attempt === written.attempt) return { created: true, record, same: true };
  await discardWritten(store, written);
  const same =
    record.sha256 === written.sha256 &&
    record.rows === written.rows &&
    record.rejected === written.rejected;
  return { created: false, record, same };
}

/** Writes and commits a shard. See `writeShard` and `commitWritten`. */
export async function commitShard(
  options: ShardResult & { readonly store: ShardStore },
): Promise<ShardCommit> {
  return commitWritten(options.store, await writeShard(options));
}
