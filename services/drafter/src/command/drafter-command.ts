import { withControl } from "@nightbeam/control";
import { serviceCommand } from "@nightbeam/service/lifecycle";
import type { Command } from "commander";
import { drafterSchema } from "../options/options.js";
import { startDrafter } from "../start-drafter.js";
import { DRAFTER_FLAGS } from "./flags.js";

/** After the grace: handing back the shards, and closing threads and connections. */
const CLOSE_MS = 8_000;

/** `nightbeam drafter` */
export function drafterCommand(): Command {
  return serviceCommand({
    name: "drafter",
    flags: DRAFTER_FLAGS,
    schema: drafterSchema,
    start: async (options, service) =>
      startDrafter(options, await withControl(service, { service: "drafter", options })),
    stopWithinMs: ({ graceMs }) => graceMs + CLOSE_MS,
    ready: (_, { name, shardsAtOnce }) =>
      `drafter ready: ${name} takes ${shardsAtOnce} shards at a time`,
  });
}
