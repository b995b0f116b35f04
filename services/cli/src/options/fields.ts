import { z } from "zod";
import { UsageError } from "../errors.js";

/** A whole number, typed as a flag or written as a number in a config file. */
export function wholeNumber(least: number) {
  return numberFrom(
    (value) => Number.isSafeInteger(value) && value >= least,
    `give a whole number of at least ${least}`,
  );
}

/** GiB, fractions allowed. */
export const gibibytes = numberFrom((value) => value >= 0, "give a number of GiB, or 0 for none");

/** A part of a whole, but not nothing. */
export const share = numberFrom(
  (value) => value > 0 && value <= 1,
  "give a number above 0 and up to 1",
);

function numberFrom(fits: (value: number) => boolean, message: string) {
  return z
    .union([z.number(), z.string().trim().min(1, message)], message)
    .transform(Number)
    .refine(fits, message);
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `give ${words.join(" or ")}`);
}

/** Several values in one flag: "5,10". */
export function listOf<Field extends z.ZodType<unknown, unknown>>(field: Field) {
  return z
    .string()
    .transform((text): unknown[] => text.split(","))
    .pipe(z.array(field));
}

/** One value or several, as a flag that may be repeated. */
export const words = z.union(
  [z.string().transform((one) => [one]), z.array(z.string())],
  "give one name or several",
);

/**
 * Options as a schema reads them.
 *
 * @throws UsageError BAD_OPTION, naming the flag
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = String(issue?.path[0] ?? "");
  const value = given[key];
  if (value === undefined) throw new UsageError("BAD_OPTION", `${flagOf(key)} is required`);
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  throw new UsageError("BAD_OPTION", `${flagOf(key)} ${shown}: ${issue?.message}`);
}

/** A key as it is typed: `topK` is `--top-k`. */
function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
