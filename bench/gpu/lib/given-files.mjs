import { existsSync } from "node:fs";

const path = { type: "string" };

/** Flags of the files that are measured with, for parseArgs. */
export const FILE_FLAGS = { target: path, draft: path, catalogue: path, golden: path };

/**
 * Says which of the files do not exist.
 *
 * @param {Readonly<Record<string, unknown>>} values of flags
 * @param {readonly string[]} [names] default: those of FILE_FLAGS
 * @returns {string | undefined} undefined: all do
 */
export function missingFiles(values, names = Object.keys(FILE_FLAGS)) {
  const missing = names.filter((name) => !existsSync(values[name] ?? ""));
  if (missing.length === 0) return undefined;
  const what = missing.map((name) => `--${name} ${values[name] ?? "(not given)"}`);
  return `not found: ${what.join(", ")}`;
}
