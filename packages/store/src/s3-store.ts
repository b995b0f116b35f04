import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { fingerprint } from "./files/durable.js";
import { assertName, assertPrefix } from "./names.js";
import { isMissing, isPassing, statusOf, WAITS_MS, waitMs } from "./s3-errors.js";
import type { ShardStore } from "./shard-store.js";
import { storeFailed, storeGone } from "./store-errors.js";

export interface S3StoreOptions {
  /** The caller's, who also closes it. */
  readonly client: S3Client;
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** Metadata that tells, where an answer was lost, whose write an object is. */
const WRITER = "nightbeam-writer";

/**
 * A store in a bucket. It must know conditional writes (`If-None-Match: *` on PUT), as Amazon S3,
 * MinIO and Ceph do; one that ignores the condition is not safe for two attempts at a shard.
 */
export function s3Store({ client, bucket, prefix }: S3StoreOptions): ShardStore {
  const location = prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
  const root = prefix === "" ? "" : `${prefix}/`;
  const at = async <T>(
    name: string,
    work: (object: { Bucket: string; Key: string }) => Promise<T>,
  ): Promise<T> => {
    assertName(name);
    try {
      return await work({ Bucket: bucket, Key: `${root}${name}` });
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
    create: (name, bytes) => at(name, (object) => create(client, object, bytes)),
    replace: (name, bytes) =>
      at(name, async (object) => {
        await client.send(new PutObjectCommand({ ...object, Body: bytes }));
      }),
    putFile: (name, localPath) => at(name, (object) => upload(client, object, localPath)),
    list: async (start) => {
      assertPrefix(start);
      try {
        const keys = await listKeys(client, bucket, `${root}${start}`);
        return keys.map((key) => key.slice(root.length)).toSorted();
      } catch (error) {
        throw storeFailed(`${location}/${start}`, error);
      }
    },
    open: (name) => readChunks(client, { bucket, key: `${root}${name}`, name, location }),
    remove: (name) =>
      at(name, async (object) => {
        await client.send(new DeleteObjectCommand(object));
      }),
    // An upload that was broken off leaves nothing.
    removeLeftovers: async () => undefined,
  };
}

/**
 * Creates an object if there is none. 412: there is one. 409: another such write is under way, and
 * which of the two stands is not decided yet; asked again, it is.
 */
async function create(
  client: S3Client,
  object: { Bucket: string; Key: string },
  bytes: Uint8Array,
): Promise<boolean> {
  const writer = randomUUID();
  const put = { ...object, Body: bytes, IfNoneMatch: "*", Metadata: { [WRITER]: writer } };
  for (let tries = 0; ; tries++) {
    try {
      await client.send(new PutObjectCommand(put));
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 412) return isWrittenBy(client, object, writer);
      if (status !== 409 || tries >= WAITS_MS.length) throw error;
      await waitMs(WAITS_MS[tries] ?? 0);
    }
  }
}

/** The SDK repeats a write whose answer was lost, and the repetition finds the first one's object. */
async function isWrittenBy(
  client: S3Client,
  object: { Bucket: string; Key: string },
  writer: string,
): Promise<boolean> {
  const { Metadata } = await client.send(new HeadObjectCommand(object));
  return Metadata?.[WRITER] === writer;
}

/** The SDK cannot send a stream twice, so a failed upload begins again here. */
async function upload(
  client: S3Client,
  object: { Bucket: string; Key: string },
  localPath: string,
): Promise<void> {
  const { bytes, sha256 } = await fingerprint(localPath);
  const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
  for (let tries = 0; ; tries++) {
    const Body = createReadStream(localPath);
    try {
      const input = { ...object, Body, ContentLength: bytes, ChecksumSHA256 };
      await client.send(new PutObjectCommand(input));
      return;
    } catch (error) {
      if (!isPassing(error) || tries >= WAITS_MS.length) throw error;
      await waitMs(WAITS_MS[tries] ?? 0);
    } finally {
      Body.destroy();
    }
  }
}

async function listKeys(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    for (const { Key } of page.Contents ?? []) {
      if (Key !== undefined) keys.push(Key);
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}

async function* readChunks(
  client: S3Client,
  object: { bucket: string; key: string; name: string; location: string },
): AsyncGenerator<Uint8Array> {
  assertName(object.name);
  const place = `${object.location}/${object.name}`;
  try {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: object.bucket, Key: object.key }),
    );
    if (Body === undefined) return;
    const reader = Body.transformToWebStream().getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        if (!(value instanceof Uint8Array)) throw new TypeError("the SDK gave no bytes");
        yield value;
      }
    } finally {
      await reader.cancel();
    }
  } catch (error) {
    if (isMissing(error)) throw storeGone(place);
    throw storeFailed(place, error);
  }
}
