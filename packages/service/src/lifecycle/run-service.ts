import { constants } from "node:os";
import { UsageError } from "../errors.js";
import type { Log, LogLevel } from "../log/log.js";
import { openLog } from "../log/open-log.js";
import { print } from "../terminal/printable.js";
import { inTime, within } from "../time.js";
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
  /** What is wrong with its options, but does not stop it. */
  readonly warnings?: readonly string[];
  readonly start: (deps: ServiceDeps) => Promise<Running>;
  /** How long the start may take. Default: 2 minutes. */
  readonly startWithinMs?: number | undefined;
  /** How long the service may take to stop, after which the process ends. Default: 25 s. */
  readonly stopWithinMs?: number | undefined;
  /** The only line on standard output: the parent process waits for it. */
  readonly ready: (running: Running) => string;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

const START_WITHIN_MS = 120_000;
/** Less than the 30 s after which Kubernetes kills a process. */
const STOP_WITHIN_MS = 25_000;
/** A start that takes longer says so at this interval. */
const STILL_STARTING_MS = 30_000;
/** What a service that failed may take to close what it had opened. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * Runs a service until it stops, at the first signal or by itself. A signal to a service that has not
 * started yet, or is draining already, ends the process at once; so does a service that does not stop in time.
 *
 * @returns the exit code of the process
 * @throws what `start` throws; UsageError NOT_READY if it takes too long
 */
export async function runService<Running extends Service>(
  run: ServiceRun<Running>,
): Promise<number> {
  const { name, nameOf, warnings = [], stopWithinMs = STOP_WITHIN_MS } = run;
  const log = openServiceLog(name, run.options);
  for (const warning of warnings) log.warn({}, warning);
  let service: Running | undefined;
  const stop = (signal: NodeJS.Signals) => {
    // Before the start there is nothing to finish; a second signal means: do not finish.
    if (service === undefined || service.isDraining) {
      log.warn({ signal }, "stopping at once");
      process.exit(128 + constants.signals[signal]);
    }
    service.drain(signal);
    setTimeout(() => {
      log.error({ signal, stopWithinMs }, "did not stop in time; the process ends");
      process.exit(1);
    }, stopWithinMs).unref();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const closers = loggedClosers(log);
  try {
    service = await startInTime(run, { log, nameOf, closers });
    print(`${run.ready(service)}\n`);
    return await service.finished;
  } finally {
    await within(closers.close(), { ms: CLOSE_WITHIN_MS });
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}

/** Starts a service that may depend on a server or a disk that never answers. */
async function startInTime<Running extends Service>(
  { name, start, startWithinMs = START_WITHIN_MS }: ServiceRun<Running>,
  deps: ServiceDeps,
): Promise<Running> {
  const since = performance.now();
  const seconds = () => Math.round((performance.now() - since) / 1_000);
  const report = setInterval(() => {
    deps.log.warn({ seconds: seconds() }, "still starting");
  }, STILL_STARTING_MS);
  try {
    return await inTime(start(deps), {
      ms: startWithinMs,
      late: () =>
        new UsageError(
          "NOT_READY",
          `the ${name} did not start within ${seconds()} s: something that it opens does not answer. ` +
            "Check the disks of its files and the servers that its log names.",
        ),
    });
  } finally {
    clearInterval(report);
  }
}

/** The log of a process, on standard error. */
function openServiceLog(service: string, { logLevel, logFormat }: ServiceLogOptions): Log {
  const format = logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  return openLog({ service, level: logLevel, format });
}
