import { gibibytes, listOf, oneOf, wholeNumber, words } from "@nightbeam/service";
import { DEFAULTS, parseDraftName, typedColumnsField } from "@nightbeam/settings";
import { z } from "zod";

/** A row of the table: its name and its drafts. */
export interface MethodName {
  readonly name: string;
  /** Names as `--draft` takes them, or `previous`. */
  readonly drafts: readonly string[];
}

/** A draft from lists that the comparison decodes itself, of the histories without their latest item. */
export const PREVIOUS = "previous";

const HOW = "write NAME=DRAFT, with + between drafts that share the width";

const method = z.string().transform((text, context): MethodName => {
  const at = text.indexOf("=");
  const name = text.slice(0, Math.max(0, at)).trim();
  const drafts = text.slice(at + 1).split("+");
  if (name === "" || drafts.includes("")) {
    context.addIssue({ code: "custom", message: HOW });
    return z.NEVER;
  }
  for (const draft of drafts) if (draft !== PREVIOUS) parseDraftName(draft);
  return { name, drafts };
});

const methods = words
  .pipe(z.array(method))
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "name each row once");

/** The keys of `nightbeam bench paper`. */
export const paperSchema = z.object({
  target: z.string(),
  data: z.string().optional(),
  catalogue: z.string().optional(),
  histories: z.string().optional(),
  heldOut: z.string().optional(),
  columns: typedColumnsField.optional(),
  method: methods,
  out: z.string(),
  verification: listOf(oneOf(["strict", "relaxed", "sampled"])).default([
    "strict",
    "relaxed",
    "sampled",
  ]),
  /** Loops of strict search. */
  loop: listOf(oneOf(["published", "demand"])).default(["published", "demand"]),
  beamWidth: listOf(wholeNumber(1)).default([1, 3, 5, 10, 20]),
  /** The paper's N. */
  draftWidth: wholeNumber(1).default(40),
  scoring: oneOf(["full", "renormalized"]).default(DEFAULTS.scoring),
  batchSize: wholeNumber(1).default(1),
  limit: wholeNumber(1).default(200),
  repeat: wholeNumber(1).default(2),
  /** Cut-offs of Recall and NDCG; the lists for each have as many items. */
  topK: listOf(wholeNumber(1)).default([5, 10]),
  rankingLimit: wholeNumber(1).default(1000),
  /** Number of seeds of the target's own sampling, to measure its spread. All methods use the first. */
  seeds: wholeNumber(2).default(10),
  curveBeamWidth: listOf(wholeNumber(1)).default([10, 20]),
  curveWidth: listOf(wholeNumber(1)).default([20, 30, 40, 60, 80]),
  curveLimit: wholeNumber(1).default(100),
  workers: wholeNumber(1).optional(),
  promptCache: gibibytes.default(0.25),
});

export type PaperOptions = z.output<typeof paperSchema>;
