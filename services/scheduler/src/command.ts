import { withControl } from "@nightbeam/control";
import { type Flag, LOG_FLAGS, METRICS_FLAG, natsFlags, tlsFlags } from "@nightbeam/service";
import { type Service, serviceCommand } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import type { Command } from "commander";
import { schedulerSchema } from "./options.js";
import { type RunningScheduler, startScheduler } from "./start-scheduler.js";

const FLAGS: readonly Flag[] = [
  {
    flag: "--redis <url>",
    meaning: "address of the job queue (default redis://127.0.0.1:6379)",
    variable: "NIGHTBEAM_REDIS_URL",
    isSecret: true,
  },
  ...natsFlags("NATS servers, through which nodes are found and rollouts announced"),
  ...tlsFlags({
    ca: "PEM file of the authority of the certificates of Redis and NATS",
    cert: "the scheduler's certificate: the HTTP API uses TLS, and Redis and NATS may require it",
  }),
  {
    flag: "--state <place>",
    meaning: "where runs and nights are recorded: a directory or s3://bucket/prefix",
  },
  {
    flag: "--data-root <dir...>",
    meaning:
      "directories or s3://bucket/prefix that all paths of requests must lie in, links resolved (default: anywhere)",
  },
  {
    flag: "--listen <host:port>",
    meaning: "address of the HTTP API; port 0 picks a free one (default 127.0.0.1:7080)",
  },
  {
    flag: "--token <token>",
    meaning: "token that clients must send; it may do everything",
    isSecret: true,
  },
  {
    flag: "--tokens <file>",
    meaning:
      "file of further tokens, a role (read, submit or admin) and a token per line; read again after a change",
  },
  {
    flag: "--queues-page <on|off>",
    meaning: "serve bull-board, a page of the queues and jobs, at /queues, read-only (default off)",
  },
  { flag: "--reconcile-ms <ms>", meaning: "interval between reconcile passes (default 5000)" },
  {
    flag: "--lock-ms <ms>",
    meaning: "a job whose lock is not renewed for this long counts as lost (default 30000)",
  },
  {
    flag: "--stall-check-ms <ms>",
    meaning: "interval between checks for lost jobs (default: half of --lock-ms)",
  },
  {
    flag: "--missed-grace-ms <ms>",
    meaning: "how late a night may start before it counts as missed (default 300000)",
  },
  {
    flag: "--alarm-webhook <url>",
    meaning: "URL that alarms are POSTed to, as JSON",
    isSecret: true,
  },
  {
    flag: "--alarm-secret <secret>",
    meaning: "signs alarms as Standard Webhooks does",
    isSecret: true,
  },
  {
    flag: "--stalled-after <minutes>",
    meaning: "a run of which nothing was committed for this long raises run_stalled (default 5)",
  },
  {
    flag: "--planning-idle <minutes>",
    meaning: "a run of which planning has read no row for this long is refused (default 60)",
  },
  {
    flag: "--titles <file>",
    meaning:
      'what items are called, for the page: JSON {"17": "title"}, or a table with the columns item_id and title',
  },
  {
    flag: "--keep-runs <time>",
    meaning:
      "removes runs that ended longer ago, daily, but not their lists: 14d or 36h (default: never)",
  },
  {
    flag: "--prices <file>",
    meaning:
      "JSON file of what nodes cost per hour; runs then state their cost (default: node-seconds alone)",
  },
  {
    flag: "--publish-to <place>",
    meaning:
      "where runs with --publish are published, as `nightbeam publish --to` takes it (default: nowhere)",
    isSecret: true,
  },
  {
    flag: "--publish-max-rate <rate>",
    meaning:
      "the most to publish per second: users, as 5000, or bytes, as 20MB (default: no limit)",
  },
  METRICS_FLAG,
  ...LOG_FLAGS,
];

/** `nightbeam scheduler` */
export function schedulerCommand(): Command {
  return serviceCommand({
    name: "scheduler",
    flags: FLAGS,
    schema: schedulerSchema,
    start: async (options, service) => {
      const deps = await withControl(service, { service: "scheduler", options });
      return asService(await startScheduler(options, deps), deps.log);
    },
    ready: ({ url }) => `scheduler ready on ${url}`,
  });
}

/** Adapts a scheduler, which drains by closing. */
function asService(scheduler: RunningScheduler, log: Log): Service & { readonly url: string } {
  let isDraining = false;
  let requestStop = () => {};
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve;
  });
  return {
    url: scheduler.url,
    get isDraining() {
      return isDraining;
    },
    finished: stopRequested.then(async () => {
      await scheduler.close();
      return 0;
    }),
    drain: (why) => {
      isDraining = true;
      log.info({ why }, "stopping");
      requestStop();
    },
  };
}
