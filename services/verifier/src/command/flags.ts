import { type Flag, LOG_FLAGS, NODE_NAME_FLAG } from "@nightbeam/service";

/** The flags of `nightbeam verifier`; defaults are the schema's, some depend on the processor. */
export const VERIFIER_FLAGS: readonly Flag[] = [
  ["--target <dir>", "the large model: a Hugging Face checkpoint with nightbeam.json"],
  ["--catalogue <file>", "items and their codes, the same file that drafters have"],
  [
    "--scoring <kind>",
    "full: over the vocabulary; renormalized: over the catalogue (default full)",
  ],
  ["--precision <kind>", "fp32 or int8 (default fp32)"],
  ["--execution-provider <kind>", "cpu, cuda, tensorrt or webgpu (default cpu)"],
  ["--workers <n>", "threads with a copy of the model each (default: one a core; one on a GPU)"],
  ["--threads <n>", "threads that share one operator, in each worker (default 1)"],
  [
    "--prompt-cache <GiB>",
    "memory a worker keeps prompts in between calls; 0: none (default 1; 0 on a GPU)",
  ],
  ["--listen <host:port>", "where to take calls; port 0 takes a free one (default 127.0.0.1:7070)"],
  [
    "--advertise <host:port>",
    "what others dial (default: where it listens, or this machine's own address)",
  ],
  ["--tls-cert <file>", "this verifier's certificate, in PEM: calls are taken by TLS alone"],
  ["--tls-key <file>", "its key"],
  ["--tls-ca <file>", "who signs the certificates that drafters then have to show"],
  [
    "--nats <url>",
    "where verifiers and drafters find each other; without it, drafters need a list",
    "NIGHTBEAM_NATS_URL",
  ],
  ["--token-budget <n>", "rows of the model in a batch (default 4096; 16384 on a GPU)"],
  ["--max-wait-ms <ms>", "how long an idle model waits for a fuller batch (default 1; 5 on a GPU)"],
  [
    "--max-waiting-tokens <n>",
    "rows that may wait before calls are refused (default: 16 batches a worker)",
  ],
  ["--grace-ms <ms>", "time that calls under way have when it stops (default 30000)"],
  NODE_NAME_FLAG,
  ...LOG_FLAGS,
];
