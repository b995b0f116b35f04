import { z } from "zod";

/** Characters of a name, and names in a list: a request is checked before anything is kept of it. */
const MAX_NAME = 1_000;
const MAX_HISTORY = 10_000;
const MAX_FILTER = 100_000;
/** The longest deadline that a server takes. */
export const MAX_DEADLINE_MS = 600_000;

function name(what: string) {
  const message = `give ${what} of 1 to ${MAX_NAME} characters`;
  return z.string(message).min(1, message).max(MAX_NAME, message);
}

function names(what: string, max: number) {
  const message = `give up to ${max} ${what}`;
  return z.array(name("a name"), message).max(max, message);
}

function wholeNumber(max: number) {
  const message = `give a whole number from 1 to ${max}`;
  return z.int(message).min(1, message).max(max, message);
}

/** A user to recommend for. */
export const recommendRequestSchema = z
  .strictObject({
    user: name("a name")
      .optional()
      .describe(
        "The user's id. The server finds the history by it if the request has none; drawn lists depend on it.",
      ),
    history: names("item ids", MAX_HISTORY)
      .optional()
      .describe("Ids of the user's items, oldest first. Default: what the server has stored."),
    texts: z
      .record(name("a name"), z.string("give a text").max(MAX_FILTER))
      .optional()
      .describe("The user's texts by column, for a target whose prompts have {column:NAME}."),
    groups: names("groups", MAX_NAME)
      .optional()
      .describe("Groups of --allow-lists that the user belongs to. Default: those stored."),
    topK: wholeNumber(10_000)
      .optional()
      .describe("Items of the list, up to the server's beam width. Default: the server's."),
    allow: names("item ids", MAX_FILTER)
      .optional()
      .describe("The only items to recommend. Ids that the catalogue lacks are ignored."),
    exclude: names("item ids", MAX_FILTER)
      .optional()
      .describe("Items not to recommend. Ids that the catalogue lacks are ignored."),
    deadlineMs: wholeNumber(MAX_DEADLINE_MS)
      .optional()
      .describe("Milliseconds in which the answer is of use. Default: the server's."),
    stale: z
      .enum(["late", "never"], "give late or never")
      .default("late")
      .describe(
        "late: the last night's list will do if there is no time to compute one; never: it will not.",
      ),
  })
  .refine(({ user, history }) => user !== undefined || history !== undefined, {
    message: "give a user, a history, or both",
  });

type RequestInput = z.input<typeof recommendRequestSchema>;

/** As a client writes it. */
export type RecommendRequest = {
  readonly [Key in keyof RequestInput]: RequestInput[Key] extends string[] | undefined
    ? readonly string[] | undefined
    : RequestInput[Key];
};

/** With the defaults. */
export type ParsedRecommendRequest = z.output<typeof recommendRequestSchema>;

/** Where a list comes from. */
const LIST_SOURCES = ["computed", "unchanged", "late", "busy"] as const;

export const recommendAnswerSchema = z.object({
  items: z
    .array(
      z.object({
        item: z.string(),
        score: z.number().describe("What the list is ordered by; nats."),
        logProb: z.number().describe("The target's log-likelihood of the item's code path; nats."),
      }),
    )
    .describe("Best first."),
  source: z
    .enum(LIST_SOURCES)
    .describe(
      "computed: by the target, now. The others are the last night's list: unchanged: computing would give the same; " +
        "late: there was no time to compute; busy: the server has too much to do.",
    ),
  skippedItems: z.int().describe("Items of the history that the catalogue lacks."),
  timing: z
    .object({
      queueMs: z.number().describe("Waiting for a place in a batch."),
      computeMs: z.number().describe("Draft, search and the calls of the target."),
    })
    .describe("Zeros for a list of the last night."),
});

export type RecommendAnswer = z.output<typeof recommendAnswerSchema>;

/** Codes of the server's errors, with the HTTP status of each. */
export const ERROR_STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  UNKNOWN_USER: 404,
  TOO_LARGE: 413,
  REJECTED: 422,
  BUSY: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  STARTING: 503,
  DRAINING: 503,
  NO_VERIFIER: 503,
  DEADLINE: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export const errorAnswerSchema = z.object({
  code: z.string().describe(`One of ${Object.keys(ERROR_STATUS).join(", ")}.`),
  message: z.string().describe("What is wrong, where, and the remedy."),
  reason: z
    .string()
    .optional()
    .describe("With REJECTED: empty_history, unknown_item, prompt_too_long, …"),
  retryAfterMs: z.int().optional().describe("With BUSY: milliseconds after which to retry."),
});

export type ErrorAnswer = z.output<typeof errorAnswerSchema>;
