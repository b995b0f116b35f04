import { constants } from "node:os";
import { type Control, openControl } from "@nightbeam/control";
import { openLog } from "@nightbeam/telemetry";
import { Command, Option } from "commander";
import { parseOptions } from "./options.js";
import { startScheduler } from "./start-scheduler.js";

/** Flags with their meaning and, where it is not the flag's own name, their variable. */
const FLAGS: readonly (readonly [flag: string, meaning: string, variable?: string])[] = [
  [
    "--redis <url>",
    "where jobs wait: redis://host:port (default redis://127.0.0.1:6379)",
    "NIGHTBEAM_REDIS_URL",
  ],
  ["--nats <url>", "where nodes are found and rollouts announced", "NIGHTBEAM_NATS_URL"],
  ["--state <place>", "where runs and nights are recorded: a directory or s3://bucket/prefix"],
  ["--listen <host:port>", "where to serve HTTP; port 0: any (default 127.0.0.1:7080)"],
  ["--token <token>", "what clients have to bring; better by its variable or a file"],
  ["--token-file <file>", "a file that holds the token"],
  ["--reconcile-ms <ms>", "between two looks after all runs (default 5000)"],
  ["--lock-ms <ms>", "after so long without a sign of life a job counts as lost (default 30000)"],
  ["--stall-check-ms <ms>", "between two looks for lost jobs (default: half of it)"],
  ["--missed-grace-ms <ms>", "how late a night may start before it is missed (default 300000)"],
  ["--alarm-webhook <url>", "where alarms are told as JSON, by POST"],
  ["--log-level <level>", "debug, info, warn, error or silent (default info)"],
  ["--log-format <kind>", "json, or pretty (default on a terminal)"],
];

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** How long the process may go on once all is closed. */
const LAST_WAIT_MS = 2_000;

/** `nightbeam scheduler` */
export function schedulerCommand(): Command {
  const command = new Command("scheduler").description(
    "plan runs, look after them and serve HTTP, until told to stop",
  );
  for (const [flag, meaning, variable] of FLAGS) {
    const option = new Option(flag, meaning);
    const name = option.name().replaceAll("-", "_").toUpperCase();
    command.addOption(option.env(variable ?? `NIGHTBEAM_${name}`));
  }
  return command.action(async (given: Record<string, unknown>) => {
    await serve(given, nameIn(command));
    setTimeout(() => process.exit(), LAST_WAIT_MS).unref();
  });
}

/** Serves until asked to stop; asked a second time, it stops at once. */
async function serve(
  given: Record<string, unknown>,
  nameOf: (key: string) => string,
): Promise<void> {
  const options = parseOptions({ given, nameOf });
  const { logLevel: level, logFormat, nats } = options;
  const format = logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
  const log = openLog({ service: "scheduler", level, format });
  const stop = signalled((signal) => {
    log.warn({ signal }, "stopping at once");
    process.exit(128 + constants.signals[signal]);
  });
  let control: Control | undefined;
  try {
    if (nats !== undefined) {
      control = await openControl({ servers: nats, name: "nightbeam scheduler", log });
    }
    const scheduler = await startScheduler(
      options,
      control === undefined ? { log } : { log, control },
    );
    process.stdout.write(`scheduler ready on ${scheduler.url}\n`);
    log.info({ signal: await stop.first }, "stopping");
    await scheduler.close();
  } finally {
    await control?.close();
    stop.end();
  }
}

/** The first signal as a promise; `again` is told of the next one. */
function signalled(again: (signal: NodeJS.Signals) => void): {
  readonly first: Promise<NodeJS.Signals>;
  end(): void;
} {
  let onFirst: (signal: NodeJS.Signals) => void = () => {};
  let heard = false;
  const first = new Promise<NodeJS.Signals>((resolve) => {
    onFirst = resolve;
  });
  const hear = (signal: NodeJS.Signals) => {
    if (heard) again(signal);
    heard = true;
    onFirst(signal);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  return {
    first,
    end: () => {
      for (const signal of SIGNALS) process.removeListener(signal, hear);
    },
  };
}

/** What a person gave an option with: its flag, or its variable where the value came from there. */
function nameIn(command: Command): (key: string) => string {
  return (key) => {
    const option = command.options.find((one) => one.attributeName() === key);
    const isVariable = command.getOptionValueSource(key) === "env";
    return (isVariable ? option?.envVar : option?.long) ?? `--${key}`;
  };
}
