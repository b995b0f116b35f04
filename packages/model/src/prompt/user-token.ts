import { createHash } from "node:crypto";
import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import { ModelError } from "../errors.js";

/** Texts of a user by the name of their column. */
export type UserTexts = Readonly<Record<string, string>>;

/** Whom a prompt is for. */
export interface PromptUser {
  /** The user's name, for prompts with a token of the user. */
  readonly name?: string;
  /** For prompts that name columns of the histories. A text that is missing is empty. */
  readonly texts?: UserTexts | undefined;
}

/** How a user's name becomes one of several tokens. */
const BUCKET_RULES = ["number", "md5", "murmur3"] as const;

/** A token of the user beside the items of a prompt. */
export const userTokenSchema = z
  .strictObject({
    /** The first of the users' tokens: a token id. */
    offset: z.int().nonnegative(),
    /** How many tokens there are. Default: one, which all users have. */
    buckets: z.int().positive().max(1_000_000_000).default(1),
    /**
     * Which token a user has: the name as a `number`, its `md5` as a number, or its `murmur3` (x86, 32 bits, seed 0,
     * signed), each modulo `buckets`.
     */
    by: z.enum(BUCKET_RULES).optional(),
    /** The column of the histories that stands in place of the user's name. */
    column: z.string().min(1).optional(),
    place: z.enum(["before-items", "after-items"]).default("before-items"),
  })
  .refine(({ buckets, by }) => buckets === 1 || by !== undefined, {
    message: `is missing: say how a user gets one of the buckets, ${BUCKET_RULES.join(", ")}`,
    path: ["by"],
  })
  .refine(({ buckets, by }) => buckets > 1 || by === undefined, {
    message: "changes nothing with one bucket, which all users have: leave it out",
    path: ["by"],
  })
  .refine(({ buckets, column }) => buckets > 1 || column === undefined, {
    message: "changes nothing with one bucket, which all users have: leave it out",
    path: ["column"],
  });

export type UserToken = z.output<typeof userTokenSchema>;

/**
 * Returns the function that gives users their tokens; a user without a name has the first one.
 *
 * @throws ModelError BAD_USER, when it is called, if the name is not as `by` needs it
 */
export function userEncoder({ offset, buckets, by, column }: UserToken) {
  return ({ name, texts }: PromptUser): number => {
    const text = column === undefined ? name : texts?.[column];
    if (by === undefined || text === undefined) return offset;
    if (text === "") {
      throw new ModelError(
        "BAD_USER",
        `${column ?? "the user's name"} is empty, and the target's prompts have a token of the user (nightbeam.json, prompt.user): give one`,
      );
    }
    if (by === "md5") {
      const digest = createHash("md5").update(text).digest("hex");
      return offset + Number(BigInt(`0x${digest}`) % BigInt(buckets));
    }
    if (by === "murmur3") return offset + (((murmur3(text) % buckets) + buckets) % buckets);
    // Longer than the largest id of 64 bits, so that a text of digits alone is a number.
    if (/^\d{1,20}$/.test(text)) return offset + Number(BigInt(text) % BigInt(buckets));
    throw new ModelError(
      "BAD_USER",
      `${column === undefined ? "the user" : column} ${excerpt(text)} is not a whole number, which prompt.user.by in nightbeam.json needs: ` +
        "name the column of the histories with the numbers that the model was trained with, as prompt.user.column",
    );
  };
}

/** MurmurHash3 (x86, 32 bits, seed 0) over UTF-8, as a signed number. */
function murmur3(text: string): number {
  const bytes = Buffer.from(text);
  const mixed = (block: number) => {
    const product = Math.imul(block, 0xcc9e2d51);
    return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
  };
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash ^= mixed(bytes.readInt32LE(at));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  if (bytes.length > whole) {
    const rest = Buffer.alloc(4);
    bytes.copy(rest, 0, whole);
    hash ^= mixed(rest.readInt32LE(0));
  }
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
