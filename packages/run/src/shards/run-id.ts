import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { parseLocation } from "@nightbeam/store";

/** Leaves room for the longest suffix of a job id. */
const MAX_NAME = 60;

/**
 * The id of the run at a location: the last part of the path, for people, and six hex digits of the
 * SHA-256 of all of it, so that two locations get two ids: `night-2026-11-03-5be1f0`. The same on
 * every machine.
 *
 * @throws StoreError BAD_LOCATION
 */
export function runIdOf(location: string): string {
  const parsed = parseLocation(location);
  const path =
    parsed.kind === "directory" ? resolve(parsed.path) : `s3://${parsed.bucket}/${parsed.prefix}`;
  const last = path.split("/").findLast((part) => part !== "") ?? "";
  const name = last
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, MAX_NAME);
  const hash = createHash("sha256").update(path).digest("hex").slice(0, 6);
  return `${name === "" ? "run" : name}-${hash}`;
}
