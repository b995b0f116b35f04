/**
 * Small files, each whole or not there at all: what a run's records are kept in. A directory is one
 * such place, a bucket of an object store another. Names are relative, with "/" between their parts.
 */
export interface RecordFiles {
  /** For messages: the directory, or the place in the store. */
  readonly location: string;
  /** The content, or undefined where there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /**
   * Writes a file unless there is one; durable when it resolves. Of any number of callers, on any
   * number of machines, one gets true.
   */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Writes a file in place of whatever was there. A reader sees the old content or the new. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
  /** All names that begin with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
}
