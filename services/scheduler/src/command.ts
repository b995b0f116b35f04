import { withControl } from "@nightbeam/control";
import { type Flag, LOG_FLAGS } from "@nightbeam/service";
import { type Service, serviceCommand } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import type { Command } from "commander";
import { schedulerSchema } from "./options.js";
import { type RunningScheduler, startScheduler } from "./start-scheduler.js";

const FLAGS: readonly Flag[] = [
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
  ...LOG_FLAGS,
];

/** `nightbeam scheduler` */
export function schedulerCommand(): Command {
  return serviceCommand({
    name: "scheduler",
    description: "plan runs, look after them and serve HTTP, until told to stop",
    flags: FLAGS,
    schema: schedulerSchema,
    start: async (options, service) => {
      const deps = await withControl(service, { service: "scheduler", servers: options.nats });
      return asService(await startScheduler(options, deps), deps.log);
    },
    ready: ({ url }) => `scheduler ready on ${url}`,
  });
}

/** A scheduler drains by closing. */
function asService(scheduler: RunningScheduler, log: Log): Service & { readonly url: string } {
  let isDraining = false;
  let begin = () => {};
  const asked = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return {
    url: scheduler.url,
    get isDraining() {
      return isDraining;
    },
    finished: asked.then(async () => {
      await scheduler.close();
      return 0;
    }),
    drain: (why) => {
      isDraining = true;
      log.info({ why }, "stopping");
      begin();
    },
  };
}
