import { withControl } from "@nightbeam/control";
import { serviceCommand } from "@nightbeam/service/lifecycle";
import type { Command } from "commander";
import { verifierSchema } from "../options/options.js";
import { startVerifier } from "../server/start-verifier.js";
import { VERIFIER_FLAGS } from "./flags.js";

/** `nightbeam verifier` */
export function verifierCommand(): Command {
  return serviceCommand({
    name: "verifier",
    flags: VERIFIER_FLAGS,
    schema: verifierSchema,
    start: async (options, service) =>
      startVerifier(options, await withControl(service, { service: "verifier", options })),
    ready: ({ listening }) => `verifier ready on ${listening}`,
  });
}
