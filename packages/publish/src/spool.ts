import { type FileHandle, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFailure } from "@nightbeam/store";
import type { UserList } from "./encoding.js";
import { PublishError } from "./errors.js";
import type { Bucket } from "./list-store.js";
import { bucketOf } from "./version.js";

/** Lists that are read back into memory at the same time: some 30 MB. */
const FILE_LISTS = 200_000;
const MAX_FILES = 512;
const BUFFER_BYTES = 64 * 1024;
/** Bytes of the lengths that precede a user and its list. */
const HEAD = 8;

/**
 * Sorts the lists of a run by bucket, on disk, so that memory stays flat: they are appended to files of neighbouring
 * buckets, and each file is read back as a whole.
 */
export class Spool {
  readonly #directory: string;
  readonly #buckets: number;
  readonly #files: SpoolFile[];
  /** Lists so far. */
  lists = 0;

  private constructor(directory: string, buckets: number, files: number) {
    this.#directory = directory;
    this.#buckets = buckets;
    this.#files = Array.from(
      { length: files },
      (_, index) => new SpoolFile(join(directory, String(index))),
    );
  }

  /**
   * @param expectedLists how many there will be, roughly
   * @throws StoreError WRITE_FAILED
   */
  static async open(buckets: number, expectedLists: number): Promise<Spool> {
    const wanted = Math.max(1, Math.ceil(expectedLists / FILE_LISTS));
    const path = join(tmpdir(), "nightbeam-publish-");
    try {
      return new Spool(await mkdtemp(path), buckets, Math.min(wanted, buckets, MAX_FILES));
    } catch (error) {
      throw writeFailure(path, error);
    }
  }

  async add({ user, list }: UserList): Promise<void> {
    const bucket = bucketOf(user, this.#buckets);
    const file = this.#files[Math.floor((bucket * this.#files.length) / this.#buckets)];
    await file?.append(user, list);
    this.lists++;
  }

  /**
   * All buckets in ascending order, empty ones too. Call it once, after the last `add`.
   *
   * @throws PublishError RUN_DAMAGED if a user has two lists
   */
  async *readBuckets(): AsyncGenerator<Bucket> {
    let next = 0;
    for (const [place, file] of this.#files.entries()) {
      const lists = new Map<number, UserList[]>();
      for (const one of await file.readBack()) {
        const bucket = bucketOf(one.user, this.#buckets);
        const others = lists.get(bucket);
        if (others === undefined) lists.set(bucket, [one]);
        else others.push(one);
      }
      // The first bucket of the next file.
      const end = Math.ceil(((place + 1) * this.#buckets) / this.#files.length);
      for (; next < end; next++) yield { index: next, lists: sorted(lists.get(next) ?? []) };
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

class SpoolFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async append(user: string, list: Uint8Array): Promise<void> {
    const name = Buffer.from(user, "utf8");
    const head = Buffer.alloc(HEAD);
    head.writeUInt32LE(name.length, 0);
    head.writeUInt32LE(list.length, 4);
    this.#pieces.push(head, name, list);
    this.#bytes += HEAD + name.length + list.length;
    if (this.#bytes >= BUFFER_BYTES) await this.#flush();
  }

  async readBack(): Promise<UserList[]> {
    await this.#flush();
    await this.close();
    const bytes = await readFile(this.#path);
    const lists: UserList[] = [];
    for (let at = 0; at < bytes.length; ) {
      const start = at + HEAD;
      const middle = start + bytes.readUInt32LE(at);
      at = middle + bytes.readUInt32LE(start - 4);
      lists.push({
        user: bytes.toString("utf8", start, middle),
        list: bytes.subarray(middle, at),
      });
    }
    await rm(this.#path, { force: true });
    return lists;
  }

  async #flush(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    try {
      this.#handle ??= await open(this.#path, "a");
      await this.#handle.appendFile(Buffer.concat(pieces));
    } catch (error) {
      throw writeFailure(this.#path, error);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

function sorted(lists: readonly UserList[]): readonly UserList[] {
  const keyed = lists.map((one) => ({ one, key: Buffer.from(one.user, "utf8") }));
  keyed.sort((a, b) => Buffer.compare(a.key, b.key));
  const twice = keyed.find(({ one }, place) => one.user === keyed[place - 1]?.one.user);
  if (twice === undefined) return keyed.map(({ one }) => one);
  throw new PublishError(
    "RUN_DAMAGED",
    `User ${JSON.stringify(twice.one.user)} has two lists in this run, and readers could see only one. ` +
      "Remove the duplicate from the histories and repeat the run.",
  );
}
