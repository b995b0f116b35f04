import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { fingerprint } from "./files/durable.js";

/** One object, named as the SDK's commands name it. */
export interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
}

/** Pauses between retries, for requests that the SDK does not retry by itself. */
const PAUSES_MS: readonly number[] = [50, 200, 800, 2_000];

/** Metadata that says, when a response was lost, which write created an object. */
const WRITER = "nightbeam-writer";

/**
 * Creates an object unless it exists. Status 412 means that it exists. Status 409 means that another
 * conditional write is in progress and its outcome is open; a retry finds out.
 *
 * @returns whether this call created the object
 */
export async function createObject(
  client: S3Client,
  object: S3Object,
  bytes: Uint8Array,
): Promise<boolean> {
  const writer = randomUUID();
  const put = { ...object, Body: bytes, IfNoneMatch: "*", Metadata: { [WRITER]: writer } };
  for (let retries = 0; ; retries++) {
    try {
      await client.send(new PutObjectCommand(put));
      return true;
    } catch (error) {
      const status = statusOf(error);
      if (status === 412) return isWrittenBy(client, object, writer);
      if (status !== 409 || retries >= PAUSES_MS.length) throw error;
      await pause(retries);
    }
  }
}

/** The SDK repeats a write whose response was lost, and the retry finds the first one's object. */
async function isWrittenBy(client: S3Client, object: S3Object, writer: string): Promise<boolean> {
  const { Metadata } = await client.send(new HeadObjectCommand(object));
  return Metadata?.[WRITER] === writer;
}

/** Uploads a local file. The SDK cannot send a stream twice, so retries happen here. */
export async function uploadFile(
  client: S3Client,
  object: S3Object,
  localPath: string,
): Promise<void> {
  const { bytes, sha256 } = await fingerprint(localPath);
  const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
  for (let retries = 0; ; retries++) {
    const Body = createReadStream(localPath);
    try {
      const input = { ...object, Body, ContentLength: bytes, ChecksumSHA256 };
      await client.send(new PutObjectCommand(input));
      return;
    } catch (error) {
      if (!isTransient(error) || retries >= PAUSES_MS.length) throw error;
      await pause(retries);
    } finally {
      Body.destroy();
    }
  }
}

/** All keys of a bucket that start with `prefix`. */
export async function listKeys(
  client: S3Client,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<string[]> {
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

/** Streams an object. */
export async function* readObject(
  client: S3Client,
  object: S3Object,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { Body } = await client.send(new GetObjectCommand(object));
  if (Body === undefined) return;
  const reader = Body.transformToWebStream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (!(value instanceof Uint8Array)) throw new TypeError("the SDK returned no bytes");
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Whether an object does not exist. A missing bucket is a different error. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.name === "NoSuchKey" || error.name === "NotFound";
}

/** Whether a retry may succeed: no response, too many requests, or a fault of the server. */
function isTransient(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status === 429 || status >= 500;
}

/** The HTTP status of a response, or undefined if there was none. */
function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function pause(retries: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSES_MS[retries] ?? 0));
}
