import type { PriorityName } from "@nightbeam/api";
import { oneOf } from "@nightbeam/service";
import { type Command, Option } from "commander";
import { z } from "zod";

/** The priorities of runs. The scheduler's package is not loaded for their names. */
export const PRIORITIES = ["urgent", "normal", "low"] as const satisfies readonly PriorityName[];

export const treatmentFlags = z.object({
  priority: oneOf(PRIORITIES).optional(),
  publish: z.string().optional(),
});

/** Adds --priority and --publish. */
export function withTreatment(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--priority <priority>",
        "urgent, normal (default) or low: its place in the queue",
      ),
    )
    .option(
      "--publish <name>",
      "publish the lists under this name at --publish-to of the scheduler, once they are complete",
    );
}
