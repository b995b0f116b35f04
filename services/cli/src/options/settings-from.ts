import { areRequired, flagOf, UsageError } from "@nightbeam/service";
import { columnsOf, SettingsError, type SettingsIssue, widthsOf } from "@nightbeam/settings";
import type { z } from "zod";
import { withFlags } from "./key-flags.js";

type Fields = Readonly<Record<string, z.ZodType>>;

/**
 * Reads settings that were typed as flags, or written into a config file in the same way.
 *
 * @param given values by key, of `fields` alone
 * @throws UsageError BAD_OPTION, naming the first flag that is wrong, its value and the remedy
 */
export function settingsFrom<Settings>(
  given: Readonly<Record<string, unknown>>,
  { fields, parse }: { fields: Fields; parse: (values: Record<string, unknown>) => Settings },
): Settings {
  try {
    return parse(valuesOf(given, fields));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new UsageError("BAD_OPTION", refusal(error.issues, given), { cause: error });
  }
}

/** What flags mean as values of their fields; text that means nothing is left for the field to refuse. */
export function valuesOf(
  given: Readonly<Record<string, unknown>>,
  fields: Fields,
): Record<string, unknown> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (key === "draft" && typeof value === "string") return [key, [value]];
      if (key === "draftWidth") return [key, widthsOf(value)];
      if (key === "columns") return [key, columnsOf(value)];
      if (key === "histories" && Array.isArray(value) && value.length === 1) return [key, value[0]];
      if (key === "beamWidth" && typeof value === "string" && value.includes(",")) {
        return [key, widthsOf(value)];
      }
      return [key, numberOr(value, fields[key])];
    }),
  );
}

/** A text as a number if its field only takes numbers. An empty text is not a number. */
function numberOr(value: unknown, field: z.ZodType | undefined): unknown {
  if (typeof value !== "string" || value.trim() === "" || field === undefined) return value;
  const number = Number(value);
  return !field.safeParse(value).success && field.safeParse(number).success ? number : value;
}

function refusal(
  issues: readonly SettingsIssue[],
  given: Readonly<Record<string, unknown>>,
): string {
  const { path = [], message = "" } = issues[0] ?? {};
  const [key, place] = path;
  const sentence = withFlags(message);
  if (key === undefined) return sentence;
  const all = given[String(key)];
  // The value that is wrong, if a flag was given several.
  const value = Array.isArray(all) && typeof place === "number" ? all[place] : all;
  const flag = flagOf(String(key));
  if (value === undefined) {
    const missing = issues.flatMap(({ path: [key] }) =>
      key !== undefined && given[String(key)] === undefined ? flagOf(String(key)) : [],
    );
    return areRequired(missing);
  }
  return `${flag} ${typeof value === "string" ? value : JSON.stringify(value)}: ${sentence}`;
}
