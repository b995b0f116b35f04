import { withControl } from "@nightbeam/control";
import { serviceCommand } from "@nightbeam/service/lifecycle";
import type { Command } from "commander";
import { serverSchema } from "../options/options.js";
import { startServer } from "../start-server.js";
import { SERVER_FLAGS } from "./flags.js";

/** A large model and many histories take long to load; a disk that hangs must not take forever. */
const START_WITHIN_MS = 3_600_000;
/** After the grace: closing the model. */
const CLOSE_MS = 8_000;

/** `nightbeam serve` */
export function serveCommand(): Command {
  return serviceCommand({
    name: "serve",
    flags: SERVER_FLAGS,
    schema: serverSchema,
    start: async (options, service) =>
      startServer(options, await withControl(service, { service: "server", options })),
    startWithinMs: START_WITHIN_MS,
    stopWithinMs: ({ graceMs }) => graceMs + CLOSE_MS,
    ready: ({ url }) => `server ready on ${url}`,
  });
}
