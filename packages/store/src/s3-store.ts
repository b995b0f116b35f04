import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { storeFailed, storeGone } from "./errors.js";
import { assertName, assertPrefix } from "./names.js";
import {
  createObject,
  isMissing,
  listKeys,
  readObject,
  type S3Object,
  uploadFile,
} from "./s3-requests.js";
import type { ShardStore } from "./shard-store.js";

export interface S3StoreOptions {
  /** The caller closes it. */
  readonly client: S3Client;
  readonly bucket: string;
  /** No slash at either end; empty for the whole bucket. */
  readonly prefix: string;
}

/**
 * A store in a bucket. The server must support conditional writes (`If-None-Match: *` on PUT), as
 * Amazon S3, MinIO and Ceph do. A server that ignores the condition is not safe: two attempts at a
 * shard could both count as committed.
 */
export function s3Store({ client, bucket, prefix }: S3StoreOptions): ShardStore {
  const location = prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  const root = prefix === "" ? "" : `${prefix}/`;
  const objectOf = (name: string): S3Object => {
    assertName(name);
    return { Bucket: bucket, Key: `${root}${name}` };
  };
  const at = async <T>(name: string, work: (object: S3Object) => Promise<T>): Promise<T> => {
    const object = objectOf(name);
    try {
      return await work(object);
    } catch (error) {
      throw storeFailed(`${location}/${name}`, error);
    }
  };
  return {
    location,
    read: (name) =>
      at(name, async (object) => {
        try {
          const { Body } = await client.send(new GetObjectCommand(object));
          return await Body?.transformToByteArray();
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      }),
    create: (name, bytes) => at(name, (object) => createObject(client, object, bytes)),
    replace: (name, bytes) =>
      at(name, async (object) => {
        await client.send(new PutObjectCommand({ ...object, Body: bytes }));
      }),
    putFile: (name, localPath) => at(name, (object) => uploadFile(client, object, localPath)),
    list: async (start) => {
      assertPrefix(start);
      try {
        const keys = await listKeys(client, { bucket, prefix: `${root}${start}` });
        return keys.map((key) => key.slice(root.length)).toSorted();
      } catch (error) {
        throw storeFailed(`${location}/${start}`, error);
      }
    },
    open: async function* (name) {
      const object = objectOf(name);
      try {
        yield* readObject(client, object);
      } catch (error) {
        const place = `${location}/${name}`;
        throw isMissing(error) ? storeGone(place) : storeFailed(place, error);
      }
    },
    remove: (name) =>
      at(name, async (object) => {
        await client.send(new DeleteObjectCommand(object));
      }),
    // An interrupted upload leaves nothing.
    removeLeftovers: async () => undefined,
  };
}
