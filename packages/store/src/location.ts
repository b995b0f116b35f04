import { StoreError } from "./errors.js";

/** A location taken apart. `prefix` is without slashes at its ends, and may be empty. */
export type Location =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string };

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
/** Names of buckets as S3 has them. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Takes a path or `s3://bucket/prefix` apart. @throws StoreError BAD_LOCATION */
export function parseLocation(location: string): Location {
  const scheme = SCHEME.exec(location)?.[0];
  if (scheme === undefined) {
    if (location.trim() !== "" && !location.includes("\0")) {
      return { kind: "directory", path: location };
    }
    throw badLocation(location, "it names nothing");
  }
  if (scheme !== "s3://") throw badLocation(location, `${scheme} is not known`);
  const [bucket = "", ...parts] = location.slice(scheme.length).split("/");
  if (!BUCKET.test(bucket)) throw badLocation(location, `"${bucket}" cannot be a bucket`);
  return { kind: "s3", bucket, prefix: parts.filter((part) => part !== "").join("/") };
}

function badLocation(location: string, problem: string): StoreError {
  return new StoreError(
    "BAD_LOCATION",
    `"${location}" is no place for a run: ${problem}. Name a directory or s3://bucket/prefix.`,
  );
}
