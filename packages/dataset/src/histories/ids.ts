/** Half of a pair, as JSON escapes can spell: it has no bytes in UTF-8, so no file could hold it. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The id that a value of a file stands for: a text as it is, a whole number as its digits.
 *
 * undefined for anything else. Numbers beyond 2^53 are among that: parsing has already rounded
 * them, and a rounded id is another item's.
 */
export function idOf(value: unknown): string | undefined {
  if (typeof value === "string") {
    return value === "" || LONE_SURROGATE.test(value) ? undefined : value;
  }
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** Why `idOf` had no id to give. */
export function idProblem(what: string, value: unknown): string {
  if (value === undefined || value === null) return `${what} is missing`;
  if (value === "") return `${what} is empty`;
  if (typeof value === "string") return `${what} is not well-formed Unicode`;
  if (typeof value === "number") {
    return `${what} ${value} is no whole number within 2^53: write it as a text`;
  }
  return `${what} is neither a text nor a number`;
}
