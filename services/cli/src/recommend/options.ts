import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UsageError } from "../errors.js";

const count = z.coerce.number<string | number>().int().positive();

/** A width for all depths, one for each, or what the run finds to pay. */
const draftWidth = z.union([
  z.literal("auto"),
  z
    .union([z.string(), z.number()])
    .transform((given): (string | number)[] => String(given).split(","))
    .pipe(z.array(z.coerce.number<string | number>().int().nonnegative()).min(1)),
]);

/** The keys of `nightbeam recommend`, as flags and as keys of a config file. */
export const recommendSchema = z.strictObject({
  target: z.string(),
  draft: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  catalogue: z.string(),
  histories: z.string(),
  out: z.string(),
  topK: count.default(10),
  beamWidth: count.optional(),
  scoring: z.enum(["full", "renormalized"]).default("full"),
  draftWidth: draftWidth.default("auto"),
  excludeSeen: z.boolean().default(false),
  allow: z.string().optional(),
  block: z.string().optional(),
  format: z.enum(["parquet", "jsonl"]).default("parquet"),
  precision: z.enum(["fp32", "int8"]).default("fp32"),
  limit: count.optional(),
  batchSize: count.default(32),
  partSize: count.default(4096),
  workers: count.optional(),
  promptCache: z.coerce.number<string | number>().nonnegative().default(1),
});

export type RecommendOptions = z.output<typeof recommendSchema> & { readonly beamWidth: number };

/**
 * Flags over the config file's keys over the defaults, checked.
 *
 * @throws UsageError BAD_OPTION, BAD_CONFIG
 */
export async function recommendOptions(flags: Record<string, unknown>): Promise<RecommendOptions> {
  const { config, ...given } = flags;
  const fromFile = typeof config === "string" ? await readConfig(config) : {};
  const parsed = recommendSchema.safeParse({ ...fromFile, ...given });
  if (!parsed.success) throw optionError(parsed.error);
  const options = parsed.data;
  const beamWidth = options.beamWidth ?? Math.max(20, options.topK);
  if (beamWidth < options.topK) {
    throw new UsageError(
      "BAD_OPTION",
      `--beam-width ${beamWidth} is less than --top-k ${options.topK}: a search that keeps ${beamWidth} beams cannot return more`,
    );
  }
  return { ...options, beamWidth };
}

/** Says which flag is wrong, and how it is written. */
export function optionError(error: z.ZodError): UsageError {
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    return new UsageError("BAD_OPTION", `unknown option ${issue.keys.map(flagOf).join(", ")}`);
  }
  const flag = flagOf(String(issue?.path[0] ?? ""));
  const missing = issue?.code === "invalid_type" && issue.input === undefined;
  return new UsageError(
    "BAD_OPTION",
    missing ? `${flag} is required` : `${flag}: ${issue?.message}`,
  );
}

function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new UsageError(
      "BAD_CONFIG",
      `--config ${path} is not a JSON object of options: ${String(cause)}`,
      { cause },
    );
  }
}
