/**
 * Small files, each complete or absent: where a run's records are kept. A directory is one such place,
 * a bucket of an object store another. Names are relative, with "/" between their parts.
 */
export interface RecordFiles {
  /** The directory, or the bucket and prefix; for messages. */
  readonly location: string;
  /** The content, or undefined if there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /**
   * Writes a file unless it exists; durable when the promise resolves. Of any number of concurrent
   * callers, on any number of machines, exactly one gets true.
   */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Writes a file, replacing an existing one. A reader sees either the old content or the new. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** All names that start with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
}

/**
 * Where a cluster keeps a run: a directory that all machines share, or a bucket. A write is durable
 * when its promise resolves, and a file is complete or absent even if a machine dies half-way.
 *
 * @throws StoreError STORE_FAILED from every method; BAD_NAME for a name that points outside the store
 */
export interface ShardStore extends RecordFiles {
  /**
   * Puts a local file into the store, replacing an existing one. Names of attempts are never reused,
   * so nothing is replaced in practice. The local file may be gone afterwards: it is moved if possible.
   */
  putFile(name: string, localPath: string): Promise<void>;
  /**
   * Streams a file.
   *
   * @throws StoreError STORE_DAMAGED at the first chunk if there is no such file
   */
  open(name: string): AsyncIterable<Uint8Array>;
  /** Removes a file; a missing file is not an error. */
  remove(name: string): Promise<void>;
  /**
   * Removes what killed processes left of unfinished writes, in stores that have such leftovers. It
   * can break a write in progress, so call it only when the run is complete.
   */
  removeLeftovers(): Promise<void>;
}
