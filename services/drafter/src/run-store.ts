import type { PartRecord } from "@nightbeam/run";
import { commitWritten, discardWritten, storeJournal } from "@nightbeam/run";
import { openStore } from "@nightbeam/store";

/** An attempt whose files are in the store, and which nobody sees before it is committed. */
export type WrittenShard = PartRecord;

/** What the main thread needs of a run's store. */
export interface RunStore {
  /** The commit of a shard, where there is one. */
  committed(index: number): Promise<PartRecord | undefined>;
  /** Commits an attempt unless another one is committed; `same`: both made the same. */
  commit(
    written: WrittenShard,
  ): Promise<{ readonly created: boolean; readonly record: PartRecord; readonly same: boolean }>;
  /** Removes an attempt's files. */
  discard(written: WrittenShard): Promise<void>;
  close(): void;
}

export type OpenRunStore = (location: string) => Promise<RunStore>;

/** @throws JobsError BAD_LOCATION */
export const openRunStore: OpenRunStore = async (location) => {
  const store = await openStore(location);
  const journal = storeJournal(store);
  return {
    committed: (index) => journal.readCommit(index),
    commit: (written) => commitWritten(store, written),
    discard: (written) => discardWritten(store, written),
    close: () => store.close(),
  };
};
