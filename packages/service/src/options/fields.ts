import { z } from "zod";

/** A whole number of at least `min`, as the text of a flag or as a number. `what` follows "give". */
export function wholeNumber(min: number, what = "a whole number") {
  return numberFrom(
    (value) => Number.isSafeInteger(value) && value >= min,
    `give ${what} of at least ${min}`,
  );
}

/** A number of at least 0, fractions allowed. `what` follows "give". */
export function numberOf(what: string) {
  return numberFrom((value) => value >= 0 && value < Number.POSITIVE_INFINITY, `give ${what}`);
}

/** A share from 0 to 1. `what` follows "give a share". */
export function shareOf(what: string) {
  return numberFrom((value) => value >= 0 && value <= 1, `give a share ${what}, 0 to 1`);
}

/** GiB, fractions allowed; 0 for none. */
export const gibibytes = numberOf("a number of GiB, or 0 for none");

function numberFrom(fits: (value: number) => boolean, message: string) {
  return z
    .union([z.number(), z.string().trim().min(1, message)], message)
    .transform(Number)
    .refine(fits, message);
}

/** One of several words. */
export function oneOf<const Words extends readonly [string, string, ...string[]]>(words: Words) {
  return z.enum(words, `give ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`);
}

/** A list in one flag, separated by commas: "5,10". */
export function listOf<Field extends z.ZodType<unknown, unknown>>(field: Field) {
  return z
    .string()
    .transform((text): unknown[] => text.split(","))
    .pipe(z.array(field));
}

/** One or more texts, from a flag that takes several values. */
export const words = z.union(
  [z.string().transform((one) => [one]), z.array(z.string())],
  "give one name or several",
);
