import { z } from "zod";
import { DEFAULTS } from "./defaults.js";
import { deviceField } from "./device.js";

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

function number(message: string) {
  return z.number(message);
}

function oneOf<const Words extends readonly [string, string, ...string[]]>(words: Words) {
  return z.enum(words, `give ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

const PRECISIONS = ["fp32", "fp16", "bf16", "int8"] as const;
export type Precision = (typeof PRECISIONS)[number];

const WIDTHS = "give auto, one width, or one for each level but the last, such as 60,40,30";
const BEAMS = "give a whole number of at least 1, or one for each level, such as 40,20,20";
/** Equal widths are one width: the search, its lists and its plan are the same. */
const beamWidthField = z
  .union([z.int(BEAMS).min(1, BEAMS), z.array(z.int(BEAMS).min(1, BEAMS)).min(1, BEAMS)], BEAMS)
  .transform((given): number | number[] => {
    if (typeof given === "number") return given;
    const [first = 1] = given;
    return given.every((width) => width === first) ? first : given;
  });
const ABOVE_0 = "give a number above 0";
const GIBIBYTES = "give a number of GiB, or 0 for none";
const PATHS = "give a file, a directory, a pattern, or a list of these";
const COLUMNS =
  "give names for user, history, item or time, such as user=user_id,item=item_id,time=timestamp";
const NATS = "give a number of nats below 0, such as -9";
const SHARE = "give a number above 0 and up to 1";

/** Names of columns, by what they are used as. */
export const columnsField = z
  .strictObject(
    {
      user: text.exactOptional(),
      history: text.exactOptional(),
      item: text.exactOptional(),
      time: text.exactOptional(),
    },
    COLUMNS,
  )
  .refine((columns) => Object.keys(columns).length > 0, COLUMNS);

/** Files and directories that every run reads. */
export const placeFields = {
  /** The large model: a checkpoint's directory. */
  target: text,
  /** What guesses ahead; see `parseDraftName`. Several are combined. */
  draft: z.array(text, "give one name or several").default([]),
  catalogue: text,
  /** Files, directories and patterns such as `data/part-*.parquet`. */
  histories: z.union([text, z.array(text, PATHS).min(1, PATHS)], PATHS),
};

/** How histories are read. */
export const historyFields = {
  /** The columns of the histories, if their names are not common ones. */
  columns: columnsField.exactOptional(),
  /** Which row of a user counts if there are several: `keep` makes a list of each, `reject` of none. */
  duplicateUsers: oneOf(["last", "first", "reject", "keep"]).default(DEFAULTS.duplicateUsers),
};

/** Settings that decide the lists; `plannedArguments` and `verificationOf` read them. */
export const listFields = {
  /** Items per user. */
  topK: wholeNumber(1).default(DEFAULTS.topK),
  /** Prefixes that the search keeps at each level; or a width per level. Default: see `usualBeamWidth`. */
  beamWidth: beamWidthField.exactOptional(),
  /** `full`: normalised over the vocabulary; `renormalized`: over the catalogue. */
  scoring: oneOf(["full", "renormalized"]).default(DEFAULTS.scoring),
  /** Of the target's weights. */
  precision: oneOf(PRECISIONS).default(DEFAULTS.precision),
  /**
   * `strict`: the target's own beam search; `sampled`: drawn from the target without replacement;
   * `relaxed`: about the same, in fewer calls.
   */
  verification: oneOf(["strict", "sampled", "relaxed"]).exactOptional(),
  /** Of drawn lists. Together with the users' names it decides every draw. */
  seed: wholeNumber(0).exactOptional(),
  /** Of drawn lists. */
  temperature: number(ABOVE_0).positive(ABOVE_0).exactOptional(),
  /** How the draft of a relaxed run proposes. */
  drafted: oneOf(["sampled", "beam"]).exactOptional(),
  /** Prefixes drafted at each level. No list depends on it, unless lists are relaxed. */
  draftWidth: z
    .union([z.literal("auto"), z.array(z.int(WIDTHS).min(0, WIDTHS)).min(1, WIDTHS)], WIDTHS)
    .default(DEFAULTS.draftWidth),
  /**
   * How strict lists are found. `whole`: the target runs each search itself, in one call; `drafted`: the
   * same, with a drafted tree first; `calls`: the search runs here and asks for trees; `auto`: what is
   * measured to be fastest, `calls` on a processor.
   */
  search: oneOf(["auto", "whole", "drafted", "calls"]).exactOptional(),
  /**
   * Which items of one code path come first: `histories`, those that occur more often in the run's histories; or a file of
   * items, best first. Default: by id.
   */
  itemOrder: text.exactOptional(),
  /** Items of one code path in a list. Default: all. */
  itemsPerPath: wholeNumber(1).exactOptional(),
  /** Recommends nothing that is in the user's history. */
  excludeSeen: z.boolean("give true or false").default(DEFAULTS.excludeSeen),
  /**
   * Items of a history that the catalogue lacks: `skip` them, if others are left, or `reject` the user.
   */
  unknownItems: oneOf(["skip", "reject"]).default(DEFAULTS.unknownItems),
  /** Users that are decoded together. */
  batchSize: wholeNumber(1).default(DEFAULTS.batchSize),
};

/** Lists of item ids in files, one per line: only these are recommended, or none of these. */
export const filterFields = {
  allow: text.exactOptional(),
  block: text.exactOptional(),
  /** Lists of items per group of users: a directory with a list each, a JSON object, or a table of group and item_id. */
  allowLists: text.exactOptional(),
  /** A table of user and group. */
  userGroups: text.exactOptional(),
};

/** Which rows are read, and which files are written. */
export const fileFields = {
  format: oneOf(["parquet", "jsonl"]).default(DEFAULTS.format),
  /** `nested`: a row per user, with a list of items; `flat`: a row per user and item. */
  layout: oneOf(["nested", "flat"]).default(DEFAULTS.layout),
  /** Input rows of the run. Default: all. */
  limit: wholeNumber(1).exactOptional(),
};

export function partSizeField(usual: number) {
  return wholeNumber(1).default(usual);
}

/** Users of each part whose searches are recorded, for people to look at; 0: none. No list depends on it. */
export const sampleSearchesField = wholeNumber(0);

/** How models run on this machine. No list depends on it, except on the kind of device. */
export const machineFields = {
  /** The target's, and that of drafts that are models. */
  device: deviceField,
  /** Worker threads, with a copy of the model each. Default: one per core; one on a GPU. */
  workers: wholeNumber(1).exactOptional(),
  /** Memory, in GiB, in which each worker keeps prompts between calls. Default: 1; 0 on a GPU. */
  promptCache: number(GIBIBYTES).min(0, GIBIBYTES).exactOptional(),
};

/** Items that others propose, and how they enter the lists; `plannedArguments` reads the numbers. */
export const candidateFields = {
  /** Files of lists: one, a directory or a pattern; or a finished run, in a directory or a bucket. */
  candidates: text.exactOptional(),
  /** Log-likelihood, in nats, of the whole path, above which a proposed item is accepted. */
  acceptAbove: number(NATS).lt(0, NATS).exactOptional(),
  /** The same for new items, which are in no history of `trainedOn`. Default: `acceptAbove`. */
  acceptNewAbove: number(NATS).lt(0, NATS).exactOptional(),
  /** Histories that the target was trained on: a file, a directory or a pattern. */
  trainedOn: text.exactOptional(),
  /**
   * Proposed items that are checked at each level of the target's search: the first in the user's list, after the first
   * level the first that continue a beam. Default: all are checked at the start.
   */
  candidatesPerLevel: wholeNumber(1).exactOptional(),
};

/** Teacher data: on one machine only. */
export const teacherFields = {
  /** Directory for teacher data. */
  teacherLog: text.exactOptional(),
  /** Share of the users that are logged. Default: 0.05 if there is a teacher log. */
  teacherSample: number(SHARE).gt(0, SHARE).max(1, SHARE).exactOptional(),
};

/** The directory or store that a run writes to. */
export const outField = text;

/** A complete run from which the lists of users are taken whose question is the same; or `none`. */
export const reuseField = text;

/** Whether what searches find is kept beside the lists, for runs that reuse this one. */
export const answersField = oneOf(["keep", "drop"]);

/** The message for a value that is not an object, or has unknown keys. */
export function objectProblem(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "unrecognized_keys") return `unknown: ${issue.keys.join(", ")}`;
  return issue.input === undefined ? "is required" : "give an object of options";
}

/**
 * Returns a typed `draftWidth` for its field: `"60,40,30"` as a list of numbers; also a number, and a
 * list that has texts in it. Anything else is returned as it is, for the field to refuse.
 */
export function widthsOf(given: unknown): unknown {
  if (given === "auto") return given;
  if (typeof given !== "string" && typeof given !== "number" && !Array.isArray(given)) return given;
  return String(given)
    .split(",")
    .map((width) => (width.trim() === "" ? Number.NaN : Number(width)));
}

/**
 * Returns typed `columns` for their field: `"user=user_id,item=item_id"` as an object. Anything else is
 * returned as it is, for the field to refuse.
 */
export function columnsOf(given: unknown): unknown {
  if (typeof given !== "string") return given;
  const pairs = given.split(",").map((pair) => /^\s*(\w+)\s*=(.*)$/.exec(pair));
  if (pairs.includes(null)) return given;
  return Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]?.trim()]));
}

/** `columns` as a command line has them, for commands that read histories and make no run. */
export const typedColumnsField = z.preprocess(columnsOf, columnsField);
