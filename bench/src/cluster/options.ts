import { oneOf, parseOptions, wholeNumber, words } from "@nightbeam/service";
import { z } from "zod";

const WIDTHS = "give auto, one width, or one for each level but the last, such as 60,40,30";

/** Prefixes to draft: one width for all levels, one per level, or what the run finds to pay. */
const draftWidth = z
  .string()
  .regex(/^(auto|\d+(,\d+)*)$/, WIDTHS)
  .default("auto")
  .transform((text): "auto" | number[] => (text === "auto" ? text : text.split(",").map(Number)));

/** The keys of `nightbeam bench cluster`. */
export const benchClusterSchema = z.object({
  target: z.string(),
  draft: words.default([]),
  catalogue: z.string(),
  histories: z.string(),
  beamWidth: wholeNumber(1).default(20),
  draftWidth,
  scoring: oneOf(["full", "renormalized"]).default("full"),
  limit: wholeNumber(1).optional(),
  batchSize: wholeNumber(1).default(32),
  partSize: wholeNumber(1).default(256),
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
