import type { ShardStore } from "@nightbeam/store";
import type { PartRecord } from "../records/records.js";
import { storeJournal } from "./journal.js";
import { discardWritten, type ShardResult, writeShard } from "./write-shard.js";

export interface ShardCommit {
  /** Whether the record is this attempt's. */
  readonly created: boolean;
  /** The record that counts. */
  readonly record: PartRecord;
  /**
   * Whether this attempt made what is committed, byte for byte. False means that the same rows gave
   * other lists, which must not be: the caller raises an alarm.
   */
  readonly same: boolean;
}

/**
 * Commits a written shard: of any number of attempts, on any number of machines, the first counts.
 * The files of the others are removed. May be called again with the same record, where it is not
 * known what became of the first call.
 *
 * @throws RunError STORE_FAILED, STORE_DAMAGED; the record may stand all the same, so the files stay
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
