import { readFile } from "node:fs/promises";
import {
  gibibytes,
  oneOf,
  parseOptions,
  share,
  UsageError,
  wholeNumber,
  words,
} from "@nightbeam/service";
import { checkRelaxed, usualBeamWidth, verificationOf } from "@nightbeam/settings";
import { z } from "zod";
import { candidateFields, checkCandidates } from "./candidate-options.js";
import { verificationFields } from "./verification-fields.js";

const WIDTHS = "give auto, one width, or one for each level but the last, such as 60,40,30";

/** Prefixes to draft: one width for all levels, one for each, or what the run finds to pay. */
const draftWidth = z
  .union([z.number(), z.string(), z.array(z.number()).min(1)], WIDTHS)
  .transform((given) => (given === "auto" ? "auto" : String(given).split(",").map(toNumber)))
  .refine(
    (widths) => widths === "auto" || widths.every((one) => Number.isSafeInteger(one) && one >= 0),
    WIDTHS,
  );

/** The keys of `nightbeam recommend`, as flags and as keys of a config file. */
export const recommendSchema = z.object({
  target: z.string(),
  draft: words.default([]),
  catalogue: z.string(),
  histories: z.string(),
  out: z.string(),
  topK: wholeNumber(1).default(10),
  beamWidth: wholeNumber(1).optional(),
  scoring: oneOf(["full", "renormalized"]).default("full"),
  ...verificationFields,
  ...candidateFields,
  draftWidth: draftWidth.default("auto"),
  excludeSeen: z.boolean("give true or false").default(false),
  allow: z.string().optional(),
  block: z.string().optional(),
  format: oneOf(["parquet", "jsonl"]).default("parquet"),
  precision: oneOf(["fp32", "int8"]).default("fp32"),
  limit: wholeNumber(1).optional(),
  batchSize: wholeNumber(1).default(32),
  partSize: wholeNumber(1).default(4096),
  workers: wholeNumber(1).optional(),
  promptCache: gibibytes.default(1),
  teacherLog: z.string().optional(),
  teacherSample: share.optional(),
});

/** Of the users, where teacher data is wanted and nobody says how much. */
const DEFAULT_SAMPLE = 0.05;

export type RecommendOptions = z.output<typeof recommendSchema> & { readonly beamWidth: number };

/**
 * Flags over the config file's keys over the defaults, checked.
 *
 * @throws UsageError BAD_OPTION, BAD_CONFIG; RecommendError BAD_VERIFICATION, BAD_DRAFT
 */
export async function recommendOptions(flags: Record<string, unknown>): Promise<RecommendOptions> {
  const { config, ...given } = flags;
  const fromFile = typeof config === "string" ? await readConfig(config) : {};
  const options = parseOptions(recommendSchema, { ...fromFile, ...given });
  verificationOf(options);
  checkRelaxed(options);
  checkCandidates(options);
  const beamWidth = options.beamWidth ?? usualBeamWidth(options);
  if (beamWidth < options.topK) {
    throw new UsageError(
      "BAD_OPTION",
      `--beam-width ${beamWidth} is less than --top-k ${options.topK}: a search that keeps ${beamWidth} beams cannot return more`,
    );
  }
  const { draft, draftWidth } = options;
  if (draft.length === 0 && draftWidth !== "auto" && draftWidth.some((width) => width > 0))
    throw new UsageError("BAD_OPTION", "--draft-width needs a --draft to draft with");
  if (options.teacherLog === undefined) {
    if (options.teacherSample === undefined) return { ...options, beamWidth };
    throw new UsageError("BAD_OPTION", "--teacher-sample needs a --teacher-log to write to");
  }
  return { ...options, beamWidth, teacherSample: options.teacherSample ?? DEFAULT_SAMPLE };
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const refuse = (problem: string, cause?: unknown) =>
    new UsageError("BAD_CONFIG", `--config ${path} ${problem}`, { cause });
  let config: Record<string, unknown>;
  try {
    config = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw refuse(`is not JSON: ${cause.message}`, cause);
    if (cause instanceof z.ZodError) throw refuse("is not a JSON object of options", cause);
    throw refuse(`cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  const known = Object.keys(recommendSchema.shape);
  const unknown = Object.keys(config).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw refuse(`has the unknown key ${unknown.join(", ")}; keys are ${known.join(", ")}`);
  }
  return config;
}

/** Nothing is no number, although `Number` thinks so. */
function toNumber(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}
