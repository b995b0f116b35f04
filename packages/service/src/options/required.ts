import type { Command } from "commander";
import type { z } from "zod";

/** Appended to the meaning of a required option. */
const MARK = " (required)";

/**
 * Marks the options that the schema requires in the help of a command, so that the help agrees with the
 * checks. Call it after all options were added.
 */
export function withRequired(command: Command, schema: z.ZodType): Command {
  const parsed = schema.safeParse({});
  const missing = new Set((parsed.error?.issues ?? []).map(({ path }) => path[0]));
  for (const option of command.options) {
    if (missing.has(option.attributeName()) && !option.description.endsWith(MARK))
      option.description += MARK;
  }
  return command;
}
