import type { RecordFiles } from "./files/record-files.js";

/**
 * Where a run is kept: a directory that all machines share, or a bucket. Names are relative, with
 * "/" between their parts. Whatever was written is durable when the promise resolves, and appears
 * whole or not at all, whenever a machine dies.
 *
 * @throws StoreError STORE_FAILED from all; BAD_NAME for a name that could leave the store
 */
export interface ShardStore extends RecordFiles {
  /**
   * Puts a local file into the store, in place of whatever was there. Names of attempts are never
   * used twice, so nothing is there. The local file may be gone afterwards: it is moved where it can
   * be.
   */
  putFile(name: string, localPath: string): Promise<void>;
  /**
   * Streams a file.
   *
   * @throws StoreError STORE_DAMAGED at the first chunk where there is no such file
   */
  open(name: string): AsyncIterable<Uint8Array>;
  /** Removes a file; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /**
   * Removes what killed machines left of writes that were under way, where a store has such a thing.
   * A write that is under way may fail by it: for when a run is complete.
   */
  removeLeftovers(): Promise<void>;
}
