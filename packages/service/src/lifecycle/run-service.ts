import { constants } from "node:os";
import type { Log } from "../log/log.js";
import { openServiceLog, type ServiceLogOptions } from "./open-service-log.js";

/** What works until it is told to stop. */
export interface Service {
  /** Whether it was told to stop, by whomever. */
  readonly isDraining: boolean;
  /** The process's exit code, once all is closed. */
  readonly finished: Promise<number>;
  /** Takes no more work, finishes what is under way, and closes. */
  drain(why: string): void;
}

export interface ServiceDeps {
  readonly log: Log;
  /** The name of an option as the user gave it: its flag, or its environment variable. */
  readonly nameOf: (key: string) => string;
  /** Registers what is closed after the service has finished, or has failed to start; last in, first out. */
  readonly onClose: (close: () => Promise<void> | void) => void;
}

export interface ServiceRun<Running extends Service> extends Pick<ServiceDeps, "nameOf"> {
  /** As it is called in the log, such as "drafter". */
  readonly name: string;
  readonly options: ServiceLogOptions;
  readonly start: (deps: ServiceDeps) => Promise<Running>;
  /** The one line of standard output: whoever started the process waits for it. */
  readonly ready: (running: Running) => string;
}

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Runs a service until it is told to stop: by the first signal, or in its own ways. A signal to a
 * service that has not started yet, or drains already, ends the process at once.
 *
 * @returns the process's exit code
 * @throws whatever `start` throws
 */
export async function runService<Running extends Service>(
  run: ServiceRun<Running>,
): Promise<number> {
  const { name, options, nameOf } = run;
  const log = openServiceLog(name, options);
  let service: Running | undefined;
  const stop = (signal: NodeJS.Signals) => {
    // Before it works there is nothing to finish; the second time, it shall not be finished.
    if (service === undefined || service.isDraining) {
      log.warn({ signal }, "stopping at once");
      process.exit(128 + constants.signals[signal]);
    }
    service.drain(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  const closers: (() => Promise<void> | void)[] = [];
  try {
    service = await run.start({ log, nameOf, onClose: (close) => closers.push(close) });
    process.stdout.write(`${run.ready(service)}\n`);
    return await service.finished;
  } finally {
    for (const close of closers.toReversed()) await close();
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}
