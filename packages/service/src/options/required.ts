import type { Command } from "commander";
import type { z } from "zod";

/** What stands behind the meaning of an option that has to be given. */
const MARK = " (required)";

/**
 * Marks in a command's help the options without which its schema takes nothing, so that the help says
 * what the checks do. For commands whose options are all there.
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
