import type { z } from "zod";
import { UsageError } from "../errors.js";

/**
 * Options as a schema reads them.
 *
 * @throws UsageError BAD_OPTION, naming option, value and remedy
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
  {
    nameOf = flagOf,
  }: {
    /** The name of an option in messages. Default: its flag. */
    readonly nameOf?: (key: string) => string;
  } = {},
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [first = "", place] = issue?.path ?? [];
  const key = String(first);
  const all = given[key];
  // Of a flag that was given several values, the one that is wrong.
  const value = Array.isArray(all) && typeof place === "number" ? all[place] : all;
  if (value === undefined) throw new UsageError("BAD_OPTION", `${nameOf(key)} is required`);
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  throw new UsageError("BAD_OPTION", `${nameOf(key)} ${shown}: ${issue?.message}`);
}

/**
 * Options without those that are set to nothing: that is how files of environment variables leave one
 * out.
 */
export function withoutBlanks(
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}

/** A key as it is typed: `topK` is `--top-k`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
