import { constants } from "node:os";
import { type Control, openControl } from "@nightbeam/control";
import { openLog } from "@nightbeam/telemetry";
import { Command } from "commander";
import { parseOptions } from "../options/fields.js";
import { drafterSchema } from "../options/options.js";
import type { RunningDrafter } from "../running-drafter.js";
import { startDrafter } from "../start-drafter.js";
import { addFlags, nameIn } from "./flags.js";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** `nightbeam drafter` */
export function drafterCommand(): Command {
  const command = new Command("drafter").description(
    "take shards from the queue, draft, have the verifiers check, and commit, until told to stop",
  );
  return addFlags(command).action(async (given: Record<string, unknown>) => {
    process.exitCode = await serve(given, nameIn(command));
  });
}

/** Works until asked to stop. @returns the process's exit code */
async function serve(
  given: Record<string, unknown>,
  nameOf: (key: string) => string,
): Promise<number> {
  const options = parseOptions(drafterSchema, { given, nameOf });
  const { logLevel: level, logFormat, nats } = options;
  const format = logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  const log = openLog({ service: "drafter", level, format });
  let drafter: RunningDrafter | undefined;
  const stop = (signal: NodeJS.Signals) => {
    // Before it works there is nothing to finish; the second time, it shall not be finished.
    if (drafter === undefined || drafter.isDraining) {
      log.warn({ signal }, "stopping at once");
      process.exit(128 + constants.signals[signal]);
    }
    drafter.drain(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  let control: Control | undefined;
  try {
    if (nats !== undefined) {
      control = await openControl({ servers: nats, name: "nightbeam drafter", log });
    }
    drafter = await startDrafter(options, control === undefined ? { log } : { log, control });
    const { name, shardsAtOnce } = options;
    process.stdout.write(`drafter ready: ${name} takes ${shardsAtOnce} shards at a time\n`);
    return await drafter.finished;
  } finally {
    await control?.close();
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}
