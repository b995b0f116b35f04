/** Half of a surrogate pair, which JSON escapes can contain. It has no UTF-8 bytes, so no file could hold it. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The id for a value of a file: a text unchanged, a whole number as its digits, and undefined for
 * anything else. That includes numbers beyond 2^53: parsing has rounded them, and a rounded id would be
 * that of another item.
 */
export function idOf(value: unknown): string | undefined {
  if (typeof value === "string") {
    return value === "" || LONE_SURROGATE.test(value) ? undefined : value;
  }
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** Why `idOf` returned undefined. */
export function idProblem(what: string, value: unknown): string {
  if (value === undefined || value === null) return `${what} is missing`;
  if (value === "") return `${what} is empty`;
  if (typeof value === "string") return `${what} is not valid UTF-8`;
  if (typeof value === "number") {
    return `${what} ${value} is not a whole number within 2^53: write it as a text`;
  }
  return `${what} is neither a text nor a number`;
}
