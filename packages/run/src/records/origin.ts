import { readFile } from "node:fs/promises";
import { z } from "zod";

const count = z.int().min(0);

const inputSchema = z.strictObject({
  /** The setting: histories, catalogue, target, … */
  name: z.string(),
  path: z.string(),
  /** Of a file. */
  bytes: count.exactOptional(),
  /** SHA-256 in hex: of a file's bytes; of a checkpoint, as among the plan's versions. */
  hash: z.string().exactOptional(),
});

const draftSchema = z.strictObject({
  /** checkpoint, transitions, retrieval, previous or candidates. */
  kind: z.string(),
  path: z.string().exactOptional(),
  /** Of a checkpoint. */
  hash: z.string().exactOptional(),
});

const candidatesSchema = z.strictObject({
  users: count,
  /** Items of all lists. */
  items: count,
  /** Items that were ignored, because the catalogue that is searched lacks them. */
  unknown: count,
  /** Items that the target was not trained on, if these have a threshold of their own. */
  newItems: count.exactOptional(),
});

/** What the lists of a run's candidates hold. */
export type ProposedCounts = Readonly<z.infer<typeof candidatesSchema>>;

/** The fields of `RunOrigin`. */
export const originFields = {
  /** The version of Nightbeam that planned the run. */
  nightbeam: z.string(),
  /** ISO 8601, UTC. */
  plannedAt: z.iso.datetime(),
  inputs: z.array(inputSchema),
  drafts: z.array(draftSchema),
  /** Default: no items are proposed. */
  candidates: candidatesSchema.exactOptional(),
  /** As it was given; what `auto` chose is in the records of the parts. */
  draftWidth: z.union([z.literal("auto"), z.array(count)]),
  /** cpu, cuda:0, webgpu; in a cluster the kind alone. */
  device: z.string(),
  /** What the target is run for, and why. */
  search: z.strictObject({ program: z.string(), reason: z.string() }),
};

export const originSchema = z.strictObject(originFields);

/**
 * Where a run's lists come from: stored beside its plan, for people and audits. A run may be continued from elsewhere, so
 * none of it is compared.
 */
export type RunOrigin = z.infer<typeof originSchema>;

/** The version of this package, which all packages of Nightbeam share. */
export async function nightbeamVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
