import {
  type Flag,
  LOG_FLAGS,
  METRICS_FLAG,
  NODE_NAME_FLAG,
  natsFlags,
  tlsFlags,
} from "@nightbeam/service";
import { DEFAULTS, DRAFT_FORMS } from "@nightbeam/settings";

/** Settings of lists: those of `nightbeam recommend`, by the same names. */
const LIST_FLAGS: readonly Flag[] = [
  {
    flag: "--target <dir>",
    meaning: "the large model: a Hugging Face checkpoint with nightbeam.json",
  },
  { flag: "--draft <name...>", meaning: `what drafts: ${DRAFT_FORMS}` },
  { flag: "--catalogue <file>", meaning: "items and their codes" },
  {
    flag: "--top-k <n>",
    meaning: `items per list, if the request does not say; requests may ask for up to --beam-width (default ${DEFAULTS.topK})`,
  },
  {
    flag: "--beam-width <n>",
    meaning: `beams that the search keeps per level, or one width per level (default ${DEFAULTS.beamWidth}, at least --top-k)`,
  },
  { flag: "--scoring <kind>", meaning: `full or renormalized (default ${DEFAULTS.scoring})` },
  {
    flag: "--precision <kind>",
    meaning: `fp32, int8, or on a GPU fp16 or bf16 (default ${DEFAULTS.precision})`,
  },
  {
    flag: "--verification <kind>",
    meaning: `strict, sampled or relaxed (default ${DEFAULTS.verification})`,
  },
  { flag: "--seed <n>", meaning: `seed of drawn lists (default ${DEFAULTS.seed})` },
  {
    flag: "--temperature <t>",
    meaning: `temperature of drawn lists (default ${DEFAULTS.temperature})`,
  },
  { flag: "--drafted <how>", meaning: `relaxed: sampled or beam (default ${DEFAULTS.drafted})` },
  {
    flag: "--draft-width <n>",
    meaning: `prefixes drafted at each level, one width per level, or auto: what is measured to be fastest for batches of a size (default ${DEFAULTS.draftWidth})`,
  },
  { flag: "--search <how>", meaning: `whole, drafted, calls or auto (default ${DEFAULTS.search})` },
  { flag: "--batch-size <n>", meaning: `users per batch, at most (default ${DEFAULTS.batchSize})` },
  {
    flag: "--item-order <file>",
    meaning: "which items of one code path come first (default: by id)",
  },
  { flag: "--items-per-path <n>", meaning: "items of one code path in a list (default: all)" },
  { flag: "--exclude-seen", meaning: "recommend nothing that is in the user's history" },
  { flag: "--unknown-items <rule>", meaning: `skip or reject (default ${DEFAULTS.unknownItems})` },
  { flag: "--allow <file>", meaning: "recommend only the items of this list" },
  { flag: "--block <file>", meaning: "recommend none of the items of this list" },
  { flag: "--allow-lists <place>", meaning: "items per group of users" },
  {
    flag: "--user-groups <file>",
    meaning: "which groups users belong to (default: requests or histories name them)",
  },
  {
    flag: "--device <device>",
    meaning:
      "where the models run: cpu, cuda, cuda:N or webgpu; with --verifiers, where theirs run (default cpu)",
  },
  {
    flag: "--workers <n>",
    meaning: "threads, with a copy of the models each (default: one per core; one on a GPU)",
  },
  {
    flag: "--prompt-cache <GiB>",
    meaning: `GiB per worker for prompts kept between calls (default ${DEFAULTS.promptCache}; 0 on a GPU)`,
  },
];

/** The flags of `nightbeam serve`. Their defaults are in the schema and in the settings of a run. */
export const SERVER_FLAGS: readonly Flag[] = [
  ...LIST_FLAGS,
  {
    flag: "--listen <host:port>",
    meaning: "address of the HTTP API; port 0 picks a free one (default 127.0.0.1:7090)",
  },
  {
    flag: "--grpc-listen <host:port>",
    meaning: "address of the gRPC API, with reflection (default: not served)",
  },
  {
    flag: "--token <token>",
    meaning: "what clients must send as a bearer token (default: nothing)",
    isSecret: true,
  },
  {
    flag: "--histories <place...>",
    meaning: "histories by user, kept in memory; also what drafts and --item-order count in",
  },
  {
    flag: "--columns <names>",
    meaning: "columns of the histories, such as user=user_id,history=items",
  },
  {
    flag: "--duplicate-users <rule>",
    meaning: `of a user with several rows, the last or first counts; reject; keep (default ${DEFAULTS.duplicateUsers})`,
  },
  {
    flag: "--histories-redis <url>",
    meaning:
      "histories by user, in Redis: a list of item ids per user, oldest first; redis://host:port",
    isSecret: true,
  },
  {
    flag: "--histories-prefix <text>",
    meaning: "what the keys of users in --histories-redis begin with (default history:)",
  },
  {
    flag: "--lists <dir>",
    meaning: "lists of a finished run, for requests that there is no time to compute",
  },
  {
    flag: "--latency-ms <ms>",
    meaning:
      "time in which requests are to be answered under load; batches take at most half of it (default 100)",
  },
  {
    flag: "--max-wait-ms <ms>",
    meaning:
      "time that a request may wait for its batch; one that would wait longer is refused with status 429 (default 1000)",
  },
  {
    flag: "--deadline-ms <ms>",
    meaning: "time that a request has, if it does not say (default 10000)",
  },
  {
    flag: "--verifiers <host:port,...>",
    meaning:
      "verifiers to ask instead of loading the target, in addition to those found through NATS",
  },
  ...natsFlags(
    "NATS servers, through which verifiers are found; without them and --verifiers, the target is loaded here",
  ),
  ...tlsFlags({
    ca: "PEM file of the authority of the certificates of verifiers, Redis and NATS",
    cert: "this server's certificate, which enables TLS; also for what requires one of it",
  }),
  {
    flag: "--grace-ms <ms>",
    meaning:
      "time that requests in progress have when the server stops; it ends up to 8 s later (default 15000)",
  },
  METRICS_FLAG,
  NODE_NAME_FLAG,
  ...LOG_FLAGS,
];
