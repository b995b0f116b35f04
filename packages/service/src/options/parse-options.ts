import type { z } from "zod";
import { UsageError } from "../errors.js";

/**
 * Parses options with a schema.
 *
 * @throws UsageError BAD_OPTION, which names the option, its value and the remedy
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
  {
    nameOf = flagOf,
    isSecret = () => false,
  }: {
    /** The name of an option in messages. Default: its flag. */
    readonly nameOf?: (key: string) => string;
    /** Whether messages must not show the value of an option. Default: none is. */
    readonly isSecret?: (key: string) => boolean;
  } = {},
): z.output<Schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [first = "", place] = issue?.path ?? [];
  const key = String(first);
  const all = given[key];
  // If a flag has several values, only the wrong one is shown.
  const value = Array.isArray(all) && typeof place === "number" ? all[place] : all;
  if (value === undefined) {
    const missing = parsed.error.issues.flatMap(({ path: [key] }) =>
      typeof key === "string" && given[key] === undefined ? nameOf(key) : [],
    );
    throw new UsageError("BAD_OPTION", areRequired(missing));
  }
  if (isSecret(key)) throw new UsageError("BAD_OPTION", `${nameOf(key)}: ${issue?.message}`);
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  throw new UsageError("BAD_OPTION", `${nameOf(key)} ${shown}: ${issue?.message}`);
}

/** "--target is required", "--target, --catalogue and --out are required" */
export function areRequired(names: readonly string[]): string {
  const [last = "", ...before] = [...new Set(names)].reverse();
  if (before.length === 0) return `${last} is required`;
  return `${before.reverse().join(", ")} and ${last} are required`;
}

/** Options without empty texts: an environment variable that is set to nothing counts as not given. */
export function withoutBlanks(
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}

/** The flag of a key: `--top-k` for `topK`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
