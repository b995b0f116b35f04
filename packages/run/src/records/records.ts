import type { Recommendations } from "@nightbeam/dataset";
import { z } from "zod";
import { runCostSchema } from "../cost/run-cost.js";
import type { KeptAnswer } from "../reuse/answers-file.js";
import { reuseNoteSchema } from "../reuse/reuse-record.js";
import { type RunStats, runStatsSchema } from "../statistics/run-stats.js";
import { formerRejectedFile } from "./names.js";
import { originFields } from "./origin.js";
import type { SearchRecord } from "./search-record.js";

const count = z.int().min(0);
/** A path below the run's directory. */
const fileName = z
  .string()
  .regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/, "it is not a file of the run");
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const time = z.iso.datetime();

/** What a verifier answered of a part. Times are ISO 8601, UTC. */
export const verifierShareSchema = z.object({
  /** Its name, or its address if it is not announced. */
  name: z.string(),
  /** Calls that it answered. */
  calls: count,
  /** Seconds of it that they cost. Records of earlier versions do not have it. */
  seconds: z.number().min(0).exactOptional(),
  /** Those that a second verifier answered alike. */
  audited: count,
  /** When it answered the first and the last one. */
  firstAt: time,
  lastAt: time,
  /** When it answered the last one of those that were audited. */
  auditedAt: time.exactOptional(),
});

/** The search records of a part. */
const searchesSchema = z.object({
  /** Relative to the run's directory. */
  file: fileName,
  /** Records in it. */
  users: count,
  sha256,
});

/** The answers of a part, which later runs may take lists from. */
const answersSchema = z.object({
  /** Relative to the run's directory. */
  file: fileName,
  /** Answers in it. */
  users: count,
  sha256,
});

/**
 * A commit record. Creating it commits the part. Fields that this version does not know are ignored: drafters may be
 * newer than the scheduler during an upgrade.
 */
export const partRecordSchema = z.object({
  index: count,
  /** The part's file, relative to the run's directory. */
  file: fileName,
  /**
   * The attempt that made the part. On one machine the temporary names of its files contain it, so
   * that the files of a process killed right after its commit are found; in a cluster, the final names.
   */
  attempt: z.string(),
  /** Users written. */
  rows: count,
  /** Input rows without a list. */
  rejected: count,
  /** The file that lists them, relative to the run's directory. Default: `formerRejectedFile`. */
  rejectedFile: fileName.exactOptional(),
  /** The SHA-256 of that file. Records of earlier versions do not have it. */
  rejectedSha256: sha256.exactOptional(),
  /** Default: no search was recorded. */
  searches: searchesSchema.exactOptional(),
  /** Default: none were kept. */
  answers: answersSchema.exactOptional(),
  bytes: count,
  sha256,
  /** The first input row of the part. */
  firstRow: count,
  /** Input rows of the part: `rows + rejected`. */
  rowCount: count,
  /** Sums over the part. */
  stats: runStatsSchema,
  /** Draft widths per level that most of its users were decoded with; empty if nothing was drafted. */
  draftWidths: z.array(count).exactOptional(),
  /** Who answered the calls of the part; only in a cluster. Default: not known. */
  verifiers: z.array(verifierShareSchema).exactOptional(),
  /** The drafter that made it; only in a cluster. Default: not known. */
  drafter: z.string().exactOptional(),
  /** When it was committed, ISO 8601 UTC, by that drafter's clock. Default: not known. */
  committedAt: time.exactOptional(),
  /** The teacher data of the part, if any. */
  teacherLog: z.string().optional(),
});

export type VerifierShareRecord = z.infer<typeof verifierShareSchema>;
export type PartRecord = z.infer<typeof partRecordSchema>;

/** The manifest: readers of a run trust it and nothing else. */
export const manifestSchema = z.strictObject({
  manifestVersion: z.literal(1),
  /** ISO 8601, UTC. */
  createdAt: z.iso.datetime(),
  format: z.enum(["parquet", "jsonl"]),
  layout: z.enum(["nested", "flat"]).default("nested"),
  /** Users written, over all parts. */
  users: count,
  /** Input rows without a list. */
  rejected: count,
  /** The file that lists them, relative to the run's directory. */
  rejectedFile: z.string(),
  /** Sums over all parts, whichever process committed them, and the figures derived from them. */
  stats: runStatsSchema,
  /** Only of a cluster's runs. */
  cost: runCostSchema.exactOptional(),
  versions: z.record(z.string(), z.string()),
  arguments: z.record(z.string(), z.json()),
  /** The run that lists were taken from, or why none were. Default: all were computed. */
  reuse: reuseNoteSchema.exactOptional(),
  /** Where the lists come from. Runs of earlier versions do not say it. */
  ...z.strictObject(originFields).partial().shape,
  /** The draft widths that parts were decoded with, and how many parts: the usual ones first. */
  draftWidths: z.array(z.strictObject({ widths: z.array(count), parts: count })).exactOptional(),
  parts: z.array(
    z.strictObject({
      file: fileName,
      rows: count,
      bytes: count,
      sha256,
      firstRow: count,
      rowCount: count,
      teacherLog: z.string().optional(),
      /** Default: no search was recorded. */
      searches: searchesSchema.exactOptional(),
      /** Default: none were kept. */
      answers: answersSchema.exactOptional(),
    }),
  ),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** An input row without a list: a line of rejected.jsonl. */
export interface RejectedRow {
  readonly row: number;
  readonly user?: string;
  readonly reason: string;
  readonly detail: string;
}

/** A part that is computed: `rowCount` input rows, `index * partSize` after the run's first one. */
export interface PartResult {
  readonly index: number;
  /** Input rows; each gives a list or is rejected. */
  readonly rowCount: number;
  readonly recommendations: Recommendations;
  readonly rejected: readonly RejectedRow[];
  /** Sums over the part. */
  readonly stats: RunStats;
  /** See `PartRecord`. Default: not known. */
  readonly draftWidths?: readonly number[] | undefined;
  /** See `PartRecord`. Default: not known. */
  readonly verifiers?: readonly VerifierShareRecord[] | undefined;
  /** The absolute path of the part's teacher data, if any. */
  readonly teacherLog?: string | undefined;
  /** How the searches of a sample of the users went. Default: none was recorded. */
  readonly searches?: readonly SearchRecord[] | undefined;
  /** What was found for each user with a list, for later runs. Default: none are kept. */
  readonly answers?: readonly KeptAnswer[] | undefined;
}

/** The file with a part's rejected rows, or undefined if there are none. */
export function rejectedFileOf(
  record: Pick<PartRecord, "index" | "rejected" | "rejectedFile">,
): string | undefined {
  if (record.rejected === 0) return undefined;
  return record.rejectedFile ?? formerRejectedFile(record.index);
}

/** The files of a part, relative to the run's directory: lists, rejected rows, search records, answers. */
export function filesOf(record: PartRecord): string[] {
  const { file, searches, answers } = record;
  return [file, rejectedFileOf(record) ?? [], searches?.file ?? [], answers?.file ?? []].flat();
}

/** Rejected rows as text: one JSON object per line. */
export function rejectedText(rejected: readonly RejectedRow[]): string {
  const lines = rejected.map(({ row, user, reason, detail }) =>
    JSON.stringify({ row, user, reason, detail }),
  );
  return lines.map((line) => `${line}\n`).join("");
}
