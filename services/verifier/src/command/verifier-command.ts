import { constants } from "node:os";
import { type Control, ControlError, openControl } from "@nightbeam/control";
import { type Log, openLog } from "@nightbeam/telemetry";
import { Command } from "commander";
import { VerifierError } from "../errors.js";
import { parseOptions } from "../options/fields.js";
import { verifierSchema } from "../options/options.js";
import type { RunningVerifier } from "../server/running-verifier.js";
import { startVerifier } from "../server/start-verifier.js";
import { addFlags, nameIn } from "./flags.js";

/** How long the process may go on once all is closed. */
const LAST_WAIT_MS = 2_000;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** `nightbeam verifier` */
export function verifierCommand(): Command {
  const command = new Command("verifier").description(
    "answer drafters with the large model's log-probabilities, until told to stop",
  );
  return addFlags(command).action(async (given: Record<string, unknown>) => {
    process.exitCode = await serve(given, nameIn(command));
    // A model thread that is stuck would keep the process for ever; nothing else would.
    setTimeout(() => process.exit(), LAST_WAIT_MS).unref();
  });
}

/** Serves until asked to stop. @returns the process's exit code */
async function serve(
  given: Record<string, unknown>,
  nameOf: (key: string) => string,
): Promise<number> {
  const options = parseOptions(verifierSchema, { given, nameOf });
  const { logLevel: level, logFormat, nats } = options;
  const format = logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  const log = openLog({ service: "verifier", level, format });
  let verifier: RunningVerifier | undefined;
  const stop = (signal: NodeJS.Signals) => {
    // Before it serves there is nothing to finish; the second time, it shall not be finished.
    if (verifier === undefined || verifier.isDraining) {
      log.warn({ signal }, "stopping at once");
      process.exit(128 + constants.signals[signal]);
    }
    verifier.drain(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  let control: Control | undefined;
  try {
    if (nats === undefined) log.info({}, "no NATS: drafters have to be told this address");
    else control = await connect(nats, { log, option: nameOf("nats") });
    verifier = await startVerifier(options, control === undefined ? { log } : { log, control });
    process.stdout.write(`verifier ready on ${verifier.listening}\n`);
    return await verifier.finished;
  } finally {
    await control?.close();
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}

/** @throws VerifierError BAD_OPTION */
async function connect(
  servers: string,
  { log, option }: { readonly log: Log; readonly option: string },
): Promise<Control> {
  try {
    return await openControl({ servers, name: "nightbeam verifier", log });
  } catch (cause) {
    if (!(cause instanceof ControlError) || cause.code !== "BAD_SERVERS") throw cause;
    // Without the value: it may hold a password.
    throw new VerifierError("BAD_OPTION", `${option}: ${cause.message}`, { cause });
  }
}
