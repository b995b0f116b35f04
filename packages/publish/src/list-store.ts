import type { PublishedList, UserList } from "./encoding.js";
import type { Pointer, Version, VersionRecord } from "./version.js";

/** The lists of the users of one bucket, sorted by the UTF-8 of their names. */
export interface Bucket {
  readonly index: number;
  readonly lists: readonly UserList[];
}

/**
 * A place that backends read lists from. It holds any number of versions and one pointer to the version that readers
 * see. A version's data has keys of its own, so writing one changes nothing that readers of another see.
 *
 * Every write is whole or absent, and writing the same again changes nothing: a killed publication is repeated.
 *
 * @throws PublishError UNREACHABLE, REFUSED, DAMAGED; StoreError from directories and S3
 */
export interface ListStore {
  /** The destination without its password, for messages: "redis://cache:6379 (lists)". */
  readonly place: string;
  /** Users per bucket: what is written, and in some destinations read, at once. */
  readonly bucketUsers: number;
  /** Buckets to write at the same time. */
  readonly writesAtOnce: number;
  /** What is risky about this destination, in sentences. */
  warnings(): Promise<readonly string[]>;
  /** What readers see, or undefined before the first switch. */
  readPointer(): Promise<Pointer | undefined>;
  /** Makes readers see a version, by one atomic step. */
  writePointer(pointer: Pointer): Promise<void>;
  /** The records of all versions, in no order. */
  readRecords(): Promise<readonly VersionRecord[]>;
  /** Adds or replaces the record of a version. The first record of a version makes room for its data. */
  writeRecord(record: VersionRecord): Promise<void>;
  /** The buckets of a version that are there. Empty buckets may be among them or not. */
  readBuckets(version: Version): Promise<ReadonlySet<number>>;
  writeBucket(version: Version, bucket: Bucket): Promise<void>;
  /** Prepares a version for readers once all buckets are there, such as by an index. */
  seal(version: Version): Promise<void>;
  /** The list of a user in a version, found as readers find it; undefined if there is none. */
  readList(version: Version, user: string): Promise<PublishedList | undefined>;
  /** Removes the data of a version, then its record; either may be gone. */
  remove(version: Version): Promise<void>;
  close(): Promise<void>;
}
