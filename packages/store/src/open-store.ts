import { resolve } from "node:path";
import { directoryStore } from "./directory-store.js";
import { parseLocation } from "./location.js";
import type { ShardStore } from "./shard-store.js";

/** A store with the connections that were opened for it. */
export interface OpenedStore extends ShardStore {
  /** Lets go of the connections; the store is not used afterwards. */
  close(): void;
}

/** What the SDK would say on the console, errors say as well. */
const QUIET = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * Opens a store by its location: a path, or `s3://bucket/prefix`. For S3, credentials, region and
 * endpoint come from where the SDK takes them (`AWS_ACCESS_KEY_ID`, `AWS_REGION`,
 * `AWS_ENDPOINT_URL`, …). With an endpoint of one's own buckets are named in the path, as
 * self-hosted stores want it. The SDK is loaded only then.
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
    // A store of one's own has no regions; the SDK wants one for its signatures.
    ...(endpoint === undefined
      ? {}
      : { endpoint, forcePathStyle: true, region: region ?? "us-east-1" }),
    ...(region === undefined ? {} : { region }),
  });
  const { bucket, prefix } = parsed;
  return { ...s3Store({ client, bucket, prefix }), close: () => client.destroy() };
}
