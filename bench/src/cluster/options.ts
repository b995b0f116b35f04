import { oneOf, parseOptions, wholeNumber, words } from "@nightbeam/service";
import { DEFAULTS, requestFields, typedColumnsField, widthsOf } from "@nightbeam/settings";
import { z } from "zod";

/** As `--draft-width` of `nightbeam recommend`: auto, a width, or widths with commas between. */
const draftWidth = z
  .string()
  .default(DEFAULTS.draftWidth)
  .transform(widthsOf)
  .pipe(requestFields.shape.draftWidth.unwrap());

/** The keys of `nightbeam bench cluster`. */
export const benchClusterSchema = z.object({
  target: z.string(),
  draft: words.default([]),
  catalogue: z.string(),
  histories: z.string(),
  columns: typedColumnsField.optional(),
  beamWidth: wholeNumber(1).default(DEFAULTS.beamWidth),
  draftWidth,
  scoring: oneOf(["full", "renormalized"]).default(DEFAULTS.scoring),
  limit: wholeNumber(1).optional(),
  batchSize: wholeNumber(1).default(DEFAULTS.batchSize),
  partSize: wholeNumber(1).default(DEFAULTS.clusterPartSize),
  verifiers: wholeNumber(1).default(2),
  drafters: wholeNumber(1).default(2),
  repeat: wholeNumber(1).default(3),
  json: z.boolean().default(false),
});

export type BenchClusterOptions = z.output<typeof benchClusterSchema>;

/** @throws UsageError BAD_OPTION */
export function benchClusterOptions(flags: Record<string, unknown>): BenchClusterOptions {
  return parseOptions(benchClusterSchema, flags);
}
