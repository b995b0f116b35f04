import { z } from "zod";

const list = (what: z.ZodType<number, string | number>) =>
  z
    .string()
    .transform((text): (string | number)[] => text.split(","))
    .pipe(z.array(what).min(1));
const count = z.coerce.number<string | number>().int().positive();

/** The keys of `nightbeam bench`. */
export const benchSchema = z.strictObject({
  target: z.string(),
  draft: z.array(z.string()).default([]),
  catalogue: z.string(),
  histories: z.string(),
  beamWidth: list(count).default([1, 3, 5, 10, 20]),
  batchSize: list(count).default([1, 8, 32]),
  scoring: z.enum(["full", "renormalized"]).default("full"),
  /** Ways to draft, each compared with plain search: `auto`, a width, or a width a level ("60/40/30"). */
  draftWidth: z
    .string()
    .default("40,auto")
    .transform((text) => text.split(","))
    .pipe(
      z.array(z.string().regex(/^(auto|\d+(\/\d+)*)$/, "give widths such as 40, 60/40/30 or auto")),
    ),
  precision: z.enum(["fp32", "int8"]).default("fp32"),
  limit: count.default(320),
  repeat: count.default(3),
  workers: count.optional(),
  promptCache: z.coerce.number<string | number>().nonnegative().default(1),
  json: z.boolean().default(false),
});

export type BenchOptions = z.output<typeof benchSchema>;
