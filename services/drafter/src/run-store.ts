import type { PartRecord } from "@nightbeam/run";
import { commitWritten, discardWritten, storeJournal } from "@nightbeam/run";
import { openStore } from "@nightbeam/store";
import { measuredStore, type Recorder } from "@nightbeam/telemetry";

/** An attempt whose files are in the store. Readers ignore them until they are committed. */
export type WrittenShard = PartRecord;

/** The operations of the main thread on a run's store. */
export interface RunStore {
  /** The commit of a shard, if there is one. */
  committed(index: number): Promise<PartRecord | undefined>;
  /** Commits an attempt unless the shard has a commit. `same`: both attempts have the same content. */
  commit(
    written: WrittenShard,
  ): Promise<{ readonly created: boolean; readonly record: PartRecord; readonly same: boolean }>;
  /** Removes the files of an attempt. */
  discard(written: WrittenShard): Promise<void>;
  close(): void;
}

export type OpenRunStore = (location: string) => Promise<RunStore>;

/** @throws StoreError BAD_LOCATION */
export function runStores(recorder: Recorder): OpenRunStore {
  return async (location) => {
    const store = measuredStore(await openStore(location), recorder);
    const journal = storeJournal(store);
    return {
      committed: (index) => journal.readCommit(index),
      commit: (written) => commitWritten(store, written),
      discard: (written) => discardWritten(store, written),
      close: () => store.close(),
    };
  };
}
