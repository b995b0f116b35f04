import { withControl } from "@nightbeam/control";
import { serviceCommand } from "@nightbeam/service/lifecycle";
import type { Command } from "commander";
import { verifierSchema } from "../options/options.js";
import { startVerifier } from "../server/start-verifier.js";
import { VERIFIER_FLAGS } from "./flags.js";

/** A large model on a slow disk takes long to load; one on a disk that hangs must not take forever. */
const START_WITHIN_MS = 3_600_000;
/** After the grace: closing the model and the server. */
const CLOSE_MS = 8_000;

/** `nightbeam verifier` */
export function verifierCommand(): Command {
  return serviceCommand({
    name: "verifier",
    flags: VERIFIER_FLAGS,
    schema: verifierSchema,
    start: async (options, service) =>
      startVerifier(options, await withControl(service, { service: "verifier", options })),
    startWithinMs: START_WITHIN_MS,
    stopWithinMs: ({ graceMs }) => graceMs + CLOSE_MS,
    ready: ({ listening }) => `verifier ready on ${listening}`,
  });
}
