import { Command } from "commander";
import type { z } from "zod";
import { addFlags, type Flag, nameIn } from "../options/flags.js";
import { parseOptions, withoutBlanks } from "../options/parse-options.js";
import { withRequired } from "../options/required.js";
import type { ServiceLogOptions } from "./open-service-log.js";
import { runService, type Service, type ServiceDeps } from "./run-service.js";

export interface ServiceCommand<Options extends ServiceLogOptions, Running extends Service> {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly Flag[];
  /** Its keys are the flags in camelCase. */
  readonly schema: z.ZodType<Options>;
  readonly start: (options: Options, deps: ServiceDeps) => Promise<Running>;
  /** The line on standard output that says that it works. */
  readonly ready: (running: Running, options: Options) => string;
}

/** How long the process may go on once all is closed. */
const LAST_WAIT_MS = 2_000;

/** A command that runs a service and exits with its code. */
export function serviceCommand<Options extends ServiceLogOptions, Running extends Service>(
  service: ServiceCommand<Options, Running>,
): Command {
  const { name, description, flags, schema, start, ready } = service;
  const command = addFlags(new Command(name).description(description), flags);
  withRequired(command, schema);
  return command.action(async (given: Record<string, unknown>) => {
    const nameOf = nameIn(command);
    const options = parseOptions(schema, withoutBlanks(given), { nameOf });
    process.exitCode = await runService({
      name,
      options,
      nameOf,
      start: (deps) => start(options, deps),
      ready: (running) => ready(running, options),
    });
    // A thread that is stuck would keep the process for ever; nothing else would.
    setTimeout(() => process.exit(), LAST_WAIT_MS).unref();
  });
}
