import { gibibytes, listOf, oneOf, wholeNumber, words } from "@nightbeam/service";
import { DEFAULTS, deviceField, typedColumnsField } from "@nightbeam/settings";
import { z } from "zod";

const drafting = z
  .string()
  .regex(/^(auto|\d+(\/\d+)*)$/, "give widths such as 40, 60/40/30 or auto, with commas between");

/** The keys of `nightbeam bench`. */
export const benchSchema = z.object({
  target: z.string(),
  draft: words.default([]),
  catalogue: z.string(),
  histories: z.string(),
  columns: typedColumnsField.optional(),
  beamWidth: listOf(wholeNumber(1)).default([1, 3, 5, 10, 20]),
  batchSize: listOf(wholeNumber(1)).default([1, 8, 32]),
  scoring: oneOf(["full", "renormalized"]).default(DEFAULTS.scoring),
  /** Ways to draft, each compared with plain search: `auto`, a width, or one width per level ("60/40/30"). */
  draftWidth: listOf(drafting).default(["40", "auto"]),
  /** Loops to draft in: `demand`, the one of `recommend`, or `published`, the paper's. */
  loop: listOf(oneOf(["demand", "published"])).default(["demand"]),
  precision: oneOf(["fp32", "int8"]).default(DEFAULTS.precision),
  limit: wholeNumber(1).default(320),
  repeat: wholeNumber(1).default(3),
  device: deviceField,
  workers: wholeNumber(1).optional(),
  promptCache: gibibytes.optional(),
  json: z.boolean().default(false),
});

export type BenchOptions = z.output<typeof benchSchema>;
