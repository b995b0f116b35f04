import type { OpenedStore } from "@nightbeam/store";
import { z } from "zod";
import { decodeList, encodeBucket, findInBucket } from "../encoding.js";
import { PublishError } from "../errors.js";
import type { ListStore } from "../list-store.js";
import { bucketOf, pointerSchema, type Version, versionRecordSchema } from "../version.js";

const POINTER = "current.json";
const VERSIONS = "versions/";

export interface FileListsOptions {
  /** The directory or the prefix of a bucket that holds these lists and nothing else. */
  readonly store: OpenedStore;
  /** Removes a folder of the store, which may not exist; in S3 there are no folders. */
  readonly removeFolder?: (name: string) => Promise<void>;
}

/**
 * Lists in files, in a directory or in S3: `current.json`, and per version `versions/VERSION/BUCKET.lists`. The record of
 * a version is `versions/VERSION.json`.
 */
export function fileLists({ store, removeFolder }: FileListsOptions): ListStore {
  const recordFile = ({ version }: Pick<Version, "version">) => `${VERSIONS}${version}.json`;
  const folderOf = ({ version }: Version) => `${VERSIONS}${version}/`;
  const bucketFile = (version: Version, index: number) => `${folderOf(version)}${index}.lists`;
  const readJson = async <Value>(name: string, schema: z.ZodType<Value>) => {
    const bytes = await store.read(name);
    if (bytes === undefined) return undefined;
    return parseJson(Buffer.from(bytes).toString("utf8"), {
      schema,
      place: `${store.location}/${name}`,
    });
  };
  const writeJson = (name: string, value: object) =>
    store.replace(name, Buffer.from(`${JSON.stringify(value)}\n`));
  return {
    place: store.location,
    // A file is some 60 KB: readers fetch it as a whole, and S3 charges per file that is written.
    bucketUsers: 500,
    writesAtOnce: 16,
    warnings: async () => [],
    readPointer: () => readJson(POINTER, pointerSchema),
    writePointer: (pointer) => writeJson(POINTER, pointer),
    readRecords: async () => {
      const names = (await store.list(VERSIONS)).filter((name) =>
        /^versions\/[^/]+\.json$/.test(name),
      );
      const records = await Promise.all(names.map((name) => readJson(name, versionRecordSchema)));
      return records.filter((record) => record !== undefined);
    },
    writeRecord: (record) => writeJson(recordFile(record), record),
    readBuckets: async (version) => {
      const names = await store.list(folderOf(version));
      return new Set(names.map((name) => Number(/\/(\d+)\.lists$/.exec(name)?.[1])));
    },
    writeBucket: (version, { index, lists }) =>
      store.replace(bucketFile(version, index), encodeBucket(lists)),
    seal: async () => undefined,
    readList: async (version, user) => {
      const bytes = await store.read(bucketFile(version, bucketOf(user, version.buckets)));
      const list = bytes === undefined ? undefined : findInBucket(bytes, user);
      return list === undefined ? undefined : decodeList(list);
    },
    remove: async (version) => {
      for (const name of await store.list(folderOf(version))) await store.remove(name);
      await removeFolder?.(folderOf(version));
      await store.remove(recordFile(version));
    },
    close: async () => store.close(),
  };
}

/** A record of a destination. @throws PublishError DAMAGED */
export function parseJson<Value>(
  text: string,
  { schema, place }: { readonly schema: z.ZodType<Value>; readonly place: string },
): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : "it is not JSON";
    throw new PublishError(
      "DAMAGED",
      `${place} is not a record of published lists: ${problem}. Publish under another --name, or remove it.`,
      { cause },
    );
  }
}
