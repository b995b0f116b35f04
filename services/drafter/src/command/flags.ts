import { type Flag, LOG_FLAGS, NODE_NAME_FLAG } from "@nightbeam/service";

/** The flags of `nightbeam drafter`; defaults are the schema's. */
export const DRAFTER_FLAGS: readonly Flag[] = [
  ["--redis <url>", "where the shards wait: redis://host:port", "NIGHTBEAM_REDIS_URL"],
  [
    "--nats <url>",
    "where verifiers and drafters find each other; without it, name the verifiers",
    "NIGHTBEAM_NATS_URL",
  ],
  [
    "--verifiers <host:port,...>",
    "verifiers that are known without NATS, and as long as it is away",
  ],
  ["--tls-ca <file>", "who signs the verifiers' certificates, in PEM: calls go by TLS alone"],
  ["--tls-cert <file>", "this drafter's certificate, where verifiers ask for one"],
  ["--tls-key <file>", "its key"],
  ["--shards-at-once <n>", "shards under way; the next one fills the gaps of the last (default 2)"],
  [
    "--lanes <n>",
    "batches of a shard under way: some are drafted while others are verified (default: the known verifiers and 2 more)",
  ],
  ["--workers <n>", "threads with a copy of each draft (default: one a core)"],
  [
    "--prompt-cache <GiB>",
    "memory a draft's thread keeps prompts in between calls; 0: none (default 1)",
  ],
  ["--scratch <dir>", "where files are written before they go to the store (default: temporary)"],
  ["--lock-ms <ms>", "after so long without a sign of life a shard counts as lost (default 30000)"],
  ["--stall-check-ms <ms>", "between two looks for lost shards (default: half of it)"],
  ["--grace-ms <ms>", "time that shards under way have when it stops (default 30000)"],
  NODE_NAME_FLAG,
  ...LOG_FLAGS,
];
