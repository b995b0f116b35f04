import { StoreError } from "./errors.js";

/** A parsed location. `prefix` has no slash at either end, and may be empty. */
export type Location =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string };

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
/** Valid S3 bucket names. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Parses a path or `s3://bucket/prefix`. @throws StoreError BAD_LOCATION */
export function parseLocation(location: string): Location {
  const scheme = SCHEME.exec(location)?.[0];
  if (scheme === undefined) {
    if (location.trim() !== "" && !location.includes("\0")) {
      return { kind: "directory", path: location };
    }
    throw badLocation(location, "it is empty");
  }
  if (scheme !== "s3://") throw badLocation(location, `${scheme} is not supported`);
  const [bucket = "", ...parts] = location.slice(scheme.length).split("/");
  if (!BUCKET.test(bucket)) throw badLocation(location, `"${bucket}" is not a bucket name`);
  return { kind: "s3", bucket, prefix: parts.filter((part) => part !== "").join("/") };
}

function badLocation(location: string, problem: string): StoreError {
  return new StoreError(
    "BAD_LOCATION",
    `"${location}" is not a valid location for a run: ${problem}. Use a directory or s3://bucket/prefix.`,
  );
}
