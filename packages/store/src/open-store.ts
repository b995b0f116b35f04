import { resolve } from "node:path";
import { directoryStore } from "./directory-store.js";
import { parseLocation } from "./location.js";
import type { ShardStore } from "./shard-store.js";

/** A store together with its connections. */
export interface OpenedStore extends ShardStore {
  /** Closes the connections. Do not use the store afterwards. */
  close(): void;
}

/** Without limits, a request to a server that accepts it and is silent would never end. */
const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;

/** The SDK logs to the console what its errors say as well. */
const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Opens a store by its location: a path, or `s3://bucket/prefix`. For S3, the SDK finds credentials,
 * region and endpoint as usual (`AWS_ACCESS_KEY_ID`, `AWS_REGION`, `AWS_ENDPOINT_URL`, …). With a
 * custom endpoint, bucket names go in the path, as self-hosted stores expect. The SDK is loaded only
 * for S3 locations.
 *
 * @throws StoreError BAD_LOCATION
 */
export async function openStore(
  location: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<OpenedStore> {
  const parsed = parseLocation(location);
  if (parsed.kind === "directory") {
    return { ...directoryStore(resolve(parsed.path)), close: () => undefined };
  }
  const [{ S3Client }, { s3Store }] = await Promise.all([
    import("@aws-sdk/client-s3"),
    import("./s3-store.js"),
  ]);
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const client = new S3Client({
    logger: QUIET,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    // Self-hosted stores have no regions; the SDK needs one for its signatures.
    ...(endpoint === undefined
      ? {}
      : { endpoint, forcePathStyle: true, region: region ?? "us-east-1" }),
    ...(region === undefined ? {} : { region }),
  });
  const { bucket, prefix } = parsed;
  return { ...s3Store({ client, bucket, prefix }), close: () => client.destroy() };
}
