import { Command } from "commander";
import type { z } from "zod";
import { addFlags, type Flag, nameIn, replaceDeprecated, secretsIn } from "../options/flags.js";
import { parseOptions, withoutBlanks } from "../options/parse-options.js";
import { withRequired } from "../options/required.js";
import {
  runService,
  type Service,
  type ServiceDeps,
  type ServiceLogOptions,
} from "./run-service.js";

export interface ServiceCommand<Options extends ServiceLogOptions, Running extends Service> {
  readonly name: string;
  readonly flags: readonly Flag[];
  /** Its keys are the flags in camelCase. */
  readonly schema: z.ZodType<Options>;
  readonly start: (options: Options, deps: ServiceDeps) => Promise<Running>;
  /** How long the start may take. Default: that of `runService`. */
  readonly startWithinMs?: number;
  /** How long the service may take to stop. Default: that of `runService`. */
  readonly stopWithinMs?: (options: Options) => number;
  /** The line on standard output that says that the service is ready. */
  readonly ready: (running: Running, options: Options) => string;
}

/** How long the process may go on after everything was closed. */
const EXIT_WITHIN_MS = 2_000;

/** A command that runs a service and exits with its code. */
export function serviceCommand<Options extends ServiceLogOptions, Running extends Service>(
  service: ServiceCommand<Options, Running>,
): Command {
  const { name, flags, schema, start, ready } = service;
  const warnings: string[] = [];
  const command = addFlags(new Command(name), flags, (line) => warnings.push(line));
  withRequired(command, schema);
  return command.action(async () => {
    const deprecated = replaceDeprecated(command);
    const nameOf = nameIn(command);
    const options = parseOptions(schema, withoutBlanks(command.opts()), {
      nameOf,
      isSecret: secretsIn(command),
    });
    try {
      process.exitCode = await runService({
        name,
        options,
        nameOf,
        warnings: [
          ...deprecated.map(({ used, use }) => `${used} is deprecated, use ${use}`),
          ...warnings,
        ],
        start: (deps) => start(options, deps),
        startWithinMs: service.startWithinMs,
        stopWithinMs: service.stopWithinMs?.(options),
        ready: (running) => ready(running, options),
      });
    } finally {
      // A stuck thread, or a connection that was not closed, would keep the process alive, also after a failed start.
      setTimeout(() => process.exit(), EXIT_WITHIN_MS).unref();
    }
  });
}
