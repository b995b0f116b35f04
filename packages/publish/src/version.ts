import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Manifest } from "@nightbeam/run";
import { z } from "zod";

const count = z.int().min(0);

/** A version of the lists at a destination: what one run said, in one encoding. */
export const versionSchema = z.object({
  /** Such as "20261127T011205Z-3f2a1c9e": when the run was complete, and a hash of what is published of it. */
  version: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/),
  /** When the run was complete. */
  createdAt: z.iso.datetime(),
  /** Users are in bucket `crc32(user) mod buckets`. */
  buckets: count.min(1),
  lists: count,
  /** Whether lists have scores. */
  scores: z.boolean(),
});

export type Version = Readonly<z.output<typeof versionSchema>>;

/** What a destination records of a version. */
export const versionRecordSchema = z.object({
  ...versionSchema.shape,
  /** `writing` until all of its lists are there and verified. */
  state: z.enum(["writing", "complete"]),
  /** When a publication last worked on it. */
  touchedAt: z.iso.datetime(),
  /** The version that readers saw before it; `--rollback` returns to it. */
  before: z.string().exactOptional(),
  /** Since when readers see another version. */
  retiredAt: z.iso.datetime().exactOptional(),
});

export type VersionRecord = Readonly<z.output<typeof versionRecordSchema>>;

/** What readers read first: the version that counts. The content of `current`, as JSON. */
export const pointerSchema = z.object({
  format: z.literal(1),
  ...versionSchema.shape,
  switchedAt: z.iso.datetime(),
});

export type Pointer = Readonly<z.output<typeof pointerSchema>>;

/** The bucket of a user: the CRC-32 (as in zlib) of its UTF-8, modulo the number of buckets. */
export function bucketOf(user: string, buckets: number): number {
  return crc32(user) % buckets;
}

/**
 * The version that a run gives. Publishing the same run again gives the same version, so that it can be continued; a
 * run of which shards were computed again gives another.
 */
export function versionOf(
  manifest: Pick<Manifest, "createdAt" | "parts" | "users">,
  { scores, bucketUsers }: { readonly scores: boolean; readonly bucketUsers: number },
): Omit<Version, "lists"> {
  const { createdAt, parts, users } = manifest;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([createdAt, scores, bucketUsers, parts.map(({ sha256 }) => sha256)]));
  const time = new Date(createdAt).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return {
    version: `${time}-${hash.digest("hex").slice(0, 8)}`,
    createdAt,
    buckets: Math.max(1, Math.ceil(users / bucketUsers)),
    scores,
  };
}
