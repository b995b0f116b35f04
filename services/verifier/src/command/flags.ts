import {
  type Flag,
  HEALTH_FLAG,
  LOG_FLAGS,
  METRICS_FLAG,
  NODE_NAME_FLAG,
  natsFlags,
  tlsFlags,
} from "@nightbeam/service";

/** The flags of `nightbeam verifier`. Their defaults are in the schema; some depend on the device. */
export const VERIFIER_FLAGS: readonly Flag[] = [
  {
    flag: "--target <dir>",
    meaning: "the large model: a Hugging Face checkpoint with nightbeam.json",
  },
  {
    flag: "--catalogue <file>",
    meaning: "items and their codes; the same file that the drafters use",
  },
  {
    flag: "--scoring <kind>",
    meaning: "full: over the vocabulary; renormalized: over the catalogue (default full)",
  },
  { flag: "--precision <kind>", meaning: "fp32, int8, or on a GPU fp16 or bf16 (default fp32)" },
  {
    flag: "--programs <list>",
    meaning:
      "what the target is run for: tree-scores, beam-search, verify-tree, or several; each has its own workers (default tree-scores; on a GPU also beam-search)",
  },
  {
    flag: "--device <device>",
    meaning: "cpu, cuda, cuda:N for one of several GPUs, or webgpu (default cpu)",
    aliases: ["execution-provider"],
  },
  {
    flag: "--workers <n>",
    meaning:
      "threads per program, each with a copy of the model (default: one per core; one on a GPU)",
  },
  { flag: "--threads <n>", meaning: "threads per operator in each worker (default 1)" },
  {
    flag: "--prompt-cache <GiB>",
    meaning: "memory per worker for prompts kept between calls; 0 for none (default 1; 0 on a GPU)",
  },
  {
    flag: "--listen <host:port>",
    meaning: "address to take calls on; port 0 picks a free one (default 127.0.0.1:7070)",
  },
  {
    flag: "--advertise <host:port>",
    meaning:
      "address that drafters connect to (default: that of --listen, or this machine's own address)",
  },
  ...tlsFlags({
    ca: "PEM file of the authority of client certificates, which drafters then need, and of NATS",
    cert: "this verifier's certificate, which enables TLS; also for a NATS that requires one",
  }),
  ...natsFlags(
    "NATS servers, through which nodes find each other; without them, drafters need a list",
  ),
  HEALTH_FLAG,
  METRICS_FLAG,
  {
    flag: "--token-budget <n>",
    meaning: "maximum rows (prompt tokens and nodes) per batch (default 4096; 16384 on a GPU)",
  },
  {
    flag: "--max-wait-ms <ms>",
    meaning: "how long an idle worker waits for a fuller batch (default 1; 5 on a GPU)",
  },
  {
    flag: "--max-waiting-tokens <n>",
    meaning: "rows that may wait before calls are refused (default: 16 batches per worker)",
    aliases: ["most-waiting-tokens"],
  },
  {
    flag: "--grace-ms <ms>",
    meaning:
      "time that calls in progress have to finish when the verifier stops; it ends up to 8 s later (default 20000)",
  },
  NODE_NAME_FLAG,
  ...LOG_FLAGS,
];
