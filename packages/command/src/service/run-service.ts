import { constants } from "node:os";
import type { Control } from "@nightbeam/control";
import type { Log } from "@nightbeam/telemetry";
import { openServiceControl } from "./open-service-control.js";
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

export interface ServiceOptions extends ServiceLogOptions {
  /** NATS servers; without them the service goes without a control plane. */
  readonly nats?: string | undefined;
}

export interface ServiceDeps {
  readonly log: Log;
  /** Closed when the service has finished. */
  readonly control?: Control;
}

export interface ServiceRun<Running extends Service> {
  /** As it is called in the log, such as "drafter". */
  readonly name: string;
  readonly options: ServiceOptions;
  /** What an option is called where its value came from. */
  readonly nameOf: (key: string) => string;
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
 * @throws UsageError BAD_OPTION about the NATS servers, and whatever `start` throws
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
  let control: Control | undefined;
  try {
    const naming = { service: name, option: nameOf("nats") };
    control = await openServiceControl(options.nats, { ...naming, log });
    service = await run.start(control === undefined ? { log } : { log, control });
    process.stdout.write(`${run.ready(service)}\n`);
    return await service.finished;
  } finally {
    await control?.close();
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}
