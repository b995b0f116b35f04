import { z } from "zod";
import { DrafterError } from "../errors.js";

/** A whole number, as it was typed. */
export function wholeNumber(least: number) {
  return numberFrom(
    (value) => Number.isSafeInteger(value) && value >= least,
    `give a whole number of at least ${least}`,
  );
}

/** GiB, fractions allowed; 0 for none. */
export const gibibytes = numberFrom(
  (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
  "give a number of GiB, or 0 for none",
);

function numberFrom(fits: (value: number) => boolean, message: string) {
  return z
    .union([z.number(), z.string().trim().min(1, message)], message)
    .transform(Number)
    .refine(fits, message);
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `give ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

/**
 * Options as a schema reads them. Empty values count as not given: that is how files of environment
 * variables leave one out.
 *
 * @param source.nameOf what an option is called where its value came from: a flag or a variable
 * @throws DrafterError BAD_OPTION, naming option, value and remedy
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  source: {
    readonly given: Readonly<Record<string, unknown>>;
    readonly nameOf: (key: string) => string;
  },
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(source.given).filter(([, value]) => value !== ""),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = String(issue?.path[0] ?? "");
  const value = given[key];
  const name = source.nameOf(key);
  throw new DrafterError(
    "BAD_OPTION",
    value === undefined ? `${name} is required` : `${name} ${String(value)}: ${issue?.message}`,
  );
}
