import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { mapAtMost } from "@nightbeam/run";
import { StoreError } from "@nightbeam/store";
import { decodeList, type UserList } from "./encoding.js";
import { PublishError } from "./errors.js";
import type { Bucket, ListStore } from "./list-store.js";
import { pace, type Rate } from "./pace.js";
import type { Spool } from "./spool.js";
import type { Version } from "./version.js";

/** Lists that are read back. */
const SAMPLE = 200;
const TOUCH_MS = 60_000;
const RETRIES = 5;

/** Progress in users. */
export interface PublishProgress {
  /** First all lists are read and checked, then they are written. */
  readonly phase: "reading" | "writing";
  readonly done: number;
  readonly total: number;
  /** Of `done`, those that an earlier publication had written. */
  readonly before: number;
}

export interface WriteOptions {
  readonly store: ListStore;
  readonly spool: Spool;
  readonly maxRate?: Rate | undefined;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Says that this version is still being written. */
  readonly touch: () => Promise<void>;
}

export interface Written {
  readonly written: { readonly users: number; readonly bytes: number };
  /** Users whose lists were there. */
  readonly present: number;
  /** Lists of random users. */
  readonly sample: readonly UserList[];
}

/**
 * Writes the buckets of a version that are not there.
 *
 * @throws PublishError NOT_VERIFIED if buckets are missing afterwards; UNREACHABLE after some tries; REFUSED
 */
export async function writeMissing(version: Version, options: WriteOptions): Promise<Written> {
  const { store, spool, maxRate, dryRun = false, signal, touch, onProgress } = options;
  const there = await store.readBuckets(version);
  const wait = pace(maxRate);
  const sample = new Sample(SAMPLE);
  const filled: number[] = [];
  let [users, bytes, present] = [0, 0, 0];
  let touchedAt = performance.now();
  const write = async (bucket: Bucket) => {
    const size = sizeOf(bucket);
    if (!dryRun) {
      await wait(size);
      signal?.throwIfAborted();
      await withRetries(() => store.writeBucket(version, bucket));
    }
    users += size.users;
    bytes += size.bytes;
    onProgress?.({
      phase: "writing",
      done: present + users,
      total: version.lists,
      before: present,
    });
  };
  for await (const group of groups(spool.readBuckets(), store.writesAtOnce)) {
    signal?.throwIfAborted();
    const buckets = group.filter(({ lists }) => lists.length > 0);
    for (const { index, lists } of buckets) {
      filled.push(index);
      for (const list of lists) sample.offer(list);
      if (there.has(index)) present += lists.length;
    }
    const missing = buckets.filter(({ index }) => !there.has(index));
    await mapAtMost(store.writesAtOnce, missing, write);
    if (dryRun || performance.now() - touchedAt < TOUCH_MS) continue;
    await touch();
    touchedAt = performance.now();
  }
  if (!dryRun) await assertThere(version, filled, store);
  return { written: { users, bytes }, present, sample: sample.lists };
}

/** Reads a sample back as readers do. @throws PublishError NOT_VERIFIED */
export async function verify(
  store: ListStore,
  version: Version,
  sample: readonly UserList[],
): Promise<void> {
  await store.seal(version);
  await mapAtMost(store.writesAtOnce, sample, async ({ user, list }) => {
    const found = await store.readList(version, user);
    if (isDeepStrictEqual(found, decodeList(list))) return;
    const what = found === undefined ? "is missing" : "differs from the run's";
    throw notVerified(store, version, `the list of user ${JSON.stringify(user)} ${what}`);
  });
}

async function assertThere(
  version: Version,
  filled: readonly number[],
  store: ListStore,
): Promise<void> {
  const there = await store.readBuckets(version);
  const lost = filled.filter((index) => !there.has(index)).length;
  if (lost > 0) throw notVerified(store, version, `${lost} of ${filled.length} buckets are gone`);
}

function notVerified(store: ListStore, { version }: Version, problem: string): PublishError {
  return new PublishError(
    "NOT_VERIFIED",
    `${store.place} did not keep version ${version}: ${problem}. Readers see what they saw before. Check that the ` +
      "destination evicts nothing and that nothing else writes there, and publish again.",
  );
}

/** A reservoir: of all lists that were offered, each is in it with the same probability. */
class Sample {
  readonly lists: UserList[] = [];
  readonly #size: number;
  #offered = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer({ user, list }: UserList): void {
    const place = Math.floor(Math.random() * ++this.#offered);
    // Copied, because the list is part of a large buffer.
    const copy = () => ({ user, list: Uint8Array.from(list) });
    if (this.lists.length < this.#size) this.lists.push(copy());
    else if (place < this.#size) this.lists[place] = copy();
  }
}

async function withRetries(write: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await write();
    } catch (error) {
      const isPassing =
        (error instanceof PublishError && error.code === "UNREACHABLE") ||
        (error instanceof StoreError && error.code === "STORE_FAILED");
      if (!isPassing || tries >= RETRIES) throw error;
      await sleep(200 * 2 ** tries);
    }
  }
}

function sizeOf({ lists }: Bucket): { readonly users: number; readonly bytes: number } {
  const bytes = lists.reduce(
    (sum, { user, list }) => sum + Buffer.byteLength(user) + list.length,
    0,
  );
  return { users: lists.length, bytes };
}

async function* groups<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
