import { constants } from "node:os";
import type { Log, LogLevel } from "../log/log.js";
import { openLog } from "../log/open-log.js";
import type { DeprecatedUse } from "../options/flags.js";
import { print } from "../terminal/printable.js";
import { type Closers, loggedClosers } from "./closers.js";

/** A process that works until it is asked to stop. */
export interface Service {
  /** Whether it was asked to stop. */
  readonly isDraining: boolean;
  /** The exit code of the process, once everything is closed. */
  readonly finished: Promise<number>;
  /** Takes no more work, finishes the work in progress, and closes. */
  drain(why: string): void;
}

/** What a service is started with. */
export interface ServiceDeps {
  readonly log: Log;
  /** The name of an option as the user gave it: its flag, or its environment variable. */
  readonly nameOf: (key: string) => string;
  /** Closed after the service has finished or has failed to start. */
  readonly closers: Closers;
}

/** The options of every service that decide its log. */
export interface ServiceLogOptions {
  readonly logLevel: LogLevel;
  /** Default: pretty if standard error is a terminal, else json. */
  readonly logFormat?: "json" | "pretty" | undefined;
}

export interface ServiceRun<Running extends Service> extends Pick<ServiceDeps, "nameOf"> {
  /** The name of the service in the log, such as "drafter". */
  readonly name: string;
  readonly options: ServiceLogOptions;
  /** Deprecated option names that were used, for a warning each. */
  readonly deprecated?: readonly DeprecatedUse[];
  readonly start: (deps: ServiceDeps) => Promise<Running>;
  /** The only line on standard output: the parent process waits for it. */
  readonly ready: (running: Running) => string;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Runs a service until it stops, at the first signal or by itself. A signal to a service that has not
 * started yet, or is draining already, ends the process at once.
 *
 * @returns the exit code of the process
 * @throws what `start` throws
 */
export async function runService<Running extends Service>(
  run: ServiceRun<Running>,
): Promise<number> {
  const { name, nameOf, deprecated = [] } = run;
  const log = openServiceLog(name, run.options);
  for (const { used, use } of deprecated) log.warn({}, `${used} is deprecated, use ${use}`);
  let service: Running | undefined;
  const stop = (signal: NodeJS.Signals) => {
    // Before the start there is nothing to finish; a second signal means: do not finish.
    if (service === undefined || service.isDraining) {
      log.warn({ signal }, "stopping at once");
      process.exit(128 + constants.signals[signal]);
    }
    service.drain(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const closers = loggedClosers(log);
  try {
    service = await run.start({ log, nameOf, closers });
    print(`${run.ready(service)}\n`);
    return await service.finished;
  } finally {
    await closers.close();
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}

/** The log of a process, on standard error. */
function openServiceLog(service: string, { logLevel, logFormat }: ServiceLogOptions): Log {
  const format = logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  return openLog({ service, level: logLevel, format });
}
