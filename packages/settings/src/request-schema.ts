import { isAbsolute } from "node:path";
import { parseLocation } from "@nightbeam/store";
import { z } from "zod";
import { drawing, verificationProblem } from "./cluster-verification.js";
import { SettingsError } from "./errors.js";
import { flagOfPath } from "./flag-of.js";
import { usualBeamWidth } from "./verification.js";

const MAX_TEXT = 2_000;

const text = z
  .string({ error: ({ input }) => (input === undefined ? "is required" : "give a text") })
  .trim()
  .min(1, "give a text that is not empty")
  .max(MAX_TEXT, `give at most ${MAX_TEXT} characters`);

function wholeNumber(min: number) {
  const message = `give a whole number of at least ${min}`;
  return z.int(message).min(min, message);
}

function oneOf<const Words extends readonly [string, string, ...string[]]>(words: Words) {
  return z.enum(words, `give ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

/** Every node opens it, each in a directory of its own, so a relative path would name many places. */
const out = text.refine(
  isPlace,
  "give an absolute path that all nodes share, or s3://bucket/prefix",
);

const WIDTHS = 'give "auto", or a list of one width for all levels or one for each but the last';

const TEMPERATURE = "give a number above 0";

const fields = z.strictObject(
  {
    target: text,
    draft: z.array(text, "give a list of texts").default([]),
    catalogue: text,
    histories: text,
    out,
    topK: wholeNumber(1).default(10),
    /** Default: 20, or `topK` where that is more or lists are sampled. */
    beamWidth: wholeNumber(1).exactOptional(),
    scoring: oneOf(["full", "renormalized"]).default("full"),
    precision: oneOf(["fp32", "int8"]).default("fp32"),
    /** What a list is; absent: strict. */
    verification: oneOf(["strict", "sampled", "relaxed"]).exactOptional(),
    /** Of what is drawn; with the users' names it decides all of it. Default 0. */
    seed: wholeNumber(0).exactOptional(),
    /** Of what is drawn. Default 1. */
    temperature: z.number(TEMPERATURE).positive(TEMPERATURE).exactOptional(),
    /** How the draft of a relaxed run proposes. Default: sampled. */
    drafted: oneOf(["sampled", "beam"]).exactOptional(),
    /** Prefixes to draft at each level. */
    draftWidth: z
      .union([z.literal("auto"), z.array(z.int(WIDTHS).min(0, WIDTHS)).min(1, WIDTHS)], WIDTHS)
      .default("auto"),
    excludeSeen: z.boolean("give true or false").default(false),
    /** Files of items to which lists are limited, or that are left out of them. */
    allow: text.exactOptional(),
    block: text.exactOptional(),
    format: oneOf(["parquet", "jsonl"]).default("parquet"),
    /** Input rows of the run; default all. */
    limit: wholeNumber(1).exactOptional(),
    /** Users that are decoded together. */
    batchSize: wholeNumber(1).default(32),
    /** Input rows of a shard: what is lost when a node dies. */
    partSize: wholeNumber(1).default(256),
  },
  {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") return `unknown: ${issue.keys.join(", ")}`;
      return issue.input === undefined ? "is required" : "give an object of options";
    },
  },
);

/**
 * What a person submits: where things are, and settings, with the defaults and checks of
 * `nightbeam recommend`. After parsing every setting is there; strict lists are what requests
 * without `verification` have.
 */
export const runRequestSchema = fields
  .superRefine((request, context) => {
    const { topK, beamWidth, draft, draftWidth } = request;
    if (beamWidth !== undefined && beamWidth < topK) {
      context.addIssue({
        code: "custom",
        path: ["beamWidth"],
        message:
          `${beamWidth} is less than --top-k ${topK}: a search that keeps ${beamWidth} beams ` +
          "cannot return more",
      });
    }
    if (draft.length === 0 && draftWidth !== "auto" && draftWidth.some((width) => width > 0)) {
      context.addIssue({ code: "custom", path: ["draftWidth"], message: "needs a draft" });
    }
    const problem = verificationProblem(request);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  })
  .transform(({ verification, ...request }) => ({
    ...request,
    ...drawing({ ...request, verification }),
    beamWidth: request.beamWidth ?? usualBeamWidth({ ...request, verification }),
  }));

/** A request as a person may write it. */
export type RunRequestInput = z.input<typeof fields>;
/** A request with every setting decided. */
export type RunRequest = Readonly<z.output<typeof runRequestSchema>>;

/** @throws SettingsError BAD_REQUEST, naming every key that is wrong and what to give instead */
export function parseRunRequest(value: unknown): RunRequest {
  const parsed = runRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${flagOfPath(path)}: ${message}`,
  );
  throw new SettingsError("BAD_REQUEST", `The request cannot be run. ${problems.join("; ")}.`, {
    cause: parsed.error,
  });
}

function isPlace(location: string): boolean {
  try {
    const parsed = parseLocation(location);
    return parsed.kind === "s3" || isAbsolute(parsed.path);
  } catch {
    return false;
  }
}
