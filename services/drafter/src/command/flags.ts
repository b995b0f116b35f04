import {
  type Flag,
  HEALTH_FLAG,
  LOG_FLAGS,
  METRICS_FLAG,
  NODE_NAME_FLAG,
  natsFlags,
  tlsFlags,
} from "@nightbeam/service";

/** The flags of `nightbeam drafter`. Their defaults are in the schema. */
export const DRAFTER_FLAGS: readonly Flag[] = [
  {
    flag: "--redis <url>",
    meaning: "address of the job queue: redis://host:port",
    variable: "NIGHTBEAM_REDIS_URL",
    isSecret: true,
  },
  ...natsFlags(
    "NATS servers, through which nodes find each other; without them, name the verifiers",
  ),
  {
    flag: "--verifiers <host:port,...>",
    meaning: "verifiers to use in addition to those found through NATS",
  },
  ...tlsFlags({
    ca: "PEM file of the authority of the verifiers' certificates, which enables TLS, and of those of Redis and NATS",
    cert: "this drafter's certificate, for verifiers, Redis and NATS that require one",
  }),
  { flag: "--shards-at-once <n>", meaning: "shards to work on at the same time (default 2)" },
  {
    flag: "--batches-in-flight <n>",
    meaning:
      "batches per shard in progress, so that some are drafted while others are verified (default: 2 more than the known verifiers)",
    aliases: ["lanes"],
  },
  {
    flag: "--workers <n>",
    meaning: "threads, each with a copy of every draft (default: one per core)",
  },
  {
    flag: "--prompt-cache <GiB>",
    meaning: "memory per draft thread for prompts kept between calls; 0 for none (default 1)",
  },
  {
    flag: "--audit-rate <share>",
    meaning:
      "share of the calls that are asked again of a second verifier and compared; 0 for none (default 0.01)",
  },
  {
    flag: "--scratch <dir>",
    meaning: "directory for files before they are uploaded to the store (default: a temporary one)",
  },
  {
    flag: "--lock-ms <ms>",
    meaning: "a shard whose lock is not renewed for this long counts as lost (default 30000)",
  },
  {
    flag: "--stall-check-ms <ms>",
    meaning: "interval between checks for lost shards (default: half of --lock-ms)",
  },
  {
    flag: "--grace-ms <ms>",
    meaning:
      "time that shards in progress have to finish when the drafter stops; it ends up to 8 s later (default 20000)",
  },
  {
    flag: "--max-failures <n>",
    meaning:
      "failures in a row after which this drafter takes no more shards of a run, and tries again later (default 3)",
  },
  {
    flag: "--other-node-ms <ms>",
    meaning:
      "how long a shard that failed on this drafter waits for another drafter before it fails for good (default 300000)",
  },
  {
    flag: "--wait-out-ms <ms>",
    meaning:
      "how long trouble of the store or of the verifiers is waited out before shards fail, in runs without a due time (default 21600000, 6 hours)",
  },
  HEALTH_FLAG,
  METRICS_FLAG,
  NODE_NAME_FLAG,
  ...LOG_FLAGS,
];
