import type { PriorityName } from "@nightbeam/api";
import { oneOf } from "@nightbeam/service";
import { type Command, Option } from "commander";
import { z } from "zod";

/** The priorities of runs. The scheduler's package is not loaded for their names. */
export const PRIORITIES = ["urgent", "normal", "low"] as const satisfies readonly PriorityName[];

export const prioritySchema = z.object({ priority: oneOf(PRIORITIES).optional() });

/** Adds --priority. */
export function withPriority(command: Command): Command {
  return command.addOption(
    new Option("--priority <priority>", "urgent, normal (default) or low: its place in the queue"),
  );
}
