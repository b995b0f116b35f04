import { z } from "zod";
import { partRejectedFile } from "./run-files.js";

const statsSchema = z.record(z.string(), z.number());
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a committed part is; its creation is the commit. */
export const partRecordSchema = z.strictObject({
  index: count,
  /** The part's file, relative to the run's directory. */
  file: z.string(),
  /**
   * The try that made the part. On one machine the files bear it in private names, and a process
   * killed between commit and naming is completed by it; in a cluster the public names bear it.
   */
  attempt: z.string(),
  /** Users written. */
  rows: count,
  /** Input rows that gave no list. */
  rejected: count,
  /** Where these are listed, relative to the run's directory. Default: `partRejectedFile(index)`. */
  rejectedFile: z.string().exactOptional(),
  bytes: count,
  sha256,
  /** The first input row of the part. */
  firstRow: count,
  /** Input rows of the part: `rows + rejected`. */
  rowCount: count,
  /** Figures that add up over parts, such as calls and seconds. */
  stats: statsSchema,
  /** The teacher data written for the part, where there is any. */
  teacherLog: z.string().optional(),
});

export type PartRecord = z.infer<typeof partRecordSchema>;

/** What readers of a run trust, and all that they trust. */
export const manifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  /** ISO 8601, UTC. */
  createdAt: z.iso.datetime(),
  format: z.enum(["parquet", "jsonl"]),
  /** Rows written, over all parts. */
  users: count,
  /** Input rows that gave no list. */
  rejected: count,
  /** Where these are listed, relative to the run's directory. */
  rejectedFile: z.string(),
  /** Sums over all parts, whichever process committed them, and what `finish` derived from them. */
  stats: statsSchema,
  versions: z.record(z.string(), z.string()),
  arguments: z.record(z.string(), z.json()),
  parts: z.array(
    z.strictObject({
      file: z.string(),
      rows: count,
      bytes: count,
      sha256,
      firstRow: count,
      rowCount: count,
      teacherLog: z.string().optional(),
    }),
  ),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** An input row that gave no list, as it stands in a rejected.jsonl. */
export interface RejectedRow {
  readonly row: number;
  readonly user?: string;
  readonly reason: string;
  readonly detail: string;
}

/** The file with a part's rejected rows, or undefined where there are none. */
export function rejectedFileOf(
  record: Pick<PartRecord, "index" | "rejected" | "rejectedFile">,
): string | undefined {
  if (record.rejected === 0) return undefined;
  return record.rejectedFile ?? partRejectedFile(record.index);
}

/** Rejected rows as they stand in a file: a line of JSON each. */
export function rejectedText(rejected: readonly RejectedRow[]): string {
  const lines = rejected.map(({ row, user, reason, detail }) =>
    JSON.stringify({ row, user, reason, detail }),
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** Figures that JSON can hold; one that is not finite (a rate over nothing) is left out. */
export function finiteStats(stats: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(stats).filter(([, value]) => Number.isFinite(value)));
}

/** Sums figures by name; a figure that some records lack counts as zero there. */
export function sumStats(
  records: Iterable<{ readonly stats: Readonly<Record<string, number>> }>,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { stats } of records) {
    for (const [name, value] of Object.entries(stats)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}
