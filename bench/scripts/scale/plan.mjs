// A night in numbers: nodes, Redis, NATS, store, network, time and cost, from measured constants (docs/scale.md) and your own.
//
//   node bench/scripts/scale/plan.mjs [--users 100000000] [--items 10000000] [--hours 8] [options below] [--json]
import { parseArgs } from "node:util";

/** Name, default, meaning. */
const OPTIONS = [
  ["users", 100_000_000, "users of a night"],
  ["items", 10_000_000, "items of the catalogue, of 4 codes"],
  ["hours", 8, "from submission to the last list"],
  ["shard-users", 4_096, "users per shard (--part-size)"],
  ["top-k", 10, "items per list"],
  ["calls", 1, "calls of the target per user; 1 for whole searches"],
  ["verifier-rate", 280, "users per second of a verifier, all computed: 7 B on one H200"],
  ["drafter-rate", 700, "users per second of a drafter with one core"],
  ["user-bytes", 1_100, "bytes per user between drafter and verifier; drafted calls: 8,500"],
  ["input-bytes", 400, "bytes per user in the inputs"],
  ["busy", 0.8, "share of the time in which nodes are busy"],
  ["reused", 0, "share of the users whose lists are those of the night before"],
  ["verifier-price", 3.5, "per hour"],
  ["drafter-price", 0.05, "per hour"],
  ["scheduler-price", 0.5, "per hour of scheduler, Redis and NATS together"],
  ["put-price", 0.000005, "per request that writes or lists"],
  ["get-price", 0.0000004, "per request that reads"],
  ["gb-price", 0.023, "per gigabyte and month in the store"],
];

/** Measured. The command of each is in docs/scale.md. */
const MEASURED = {
  /** jobs.mjs */
  redisBytesPerShard: 1_430,
  redisCommandsToAdd: 17,
  addSecondsPerShard: 0.000_2,
  passSecondsPerShard: 0.000_04,
  /** scheduler.mjs */
  cutSecondsPerShard: 0.000_4,
  redisCommandsPerShard: 34,
  redisCommandsPerNode: 3.2,
  heartbeatBytes: 280,
  /** run-bytes.mjs, Beauty, top 10, Parquet */
  listBytesPerItem: 110,
  answerBytes: 300,
  searchBytes: 27,
  /** catalogue-file.mjs and `nightbeam catalogue` */
  catalogueBytesPerItem: 38.5,
  prepareSecondsPerItem: 1.5e-6,
  prepareBytesPerItem: 75,
};
/** Files of a shard: input, part, answers, search records, commit. Read: input, earlier commit, commit, part for its hash. */
const WRITES_PER_SHARD = 5;
const READS_PER_SHARD = 4;
const NAMES_PER_LISTING = 1_000;
/** Seconds between passes of the scheduler over a run, each of which takes at most a tenth of the time. */
const [MIN_PAUSE, MAX_PAUSE, BUSY_PART] = [5, 60, 0.1];
/** Each drafter reports to all others every ten seconds. */
const REPORT_BYTES = 150;
const REPORT_SECONDS = 10;
const MAX_SHARDS = 500_000;

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    ...Object.fromEntries(
      OPTIONS.map(([name, value]) => [name, { type: "string", default: String(value) }]),
    ),
  },
});
if (values.help) {
  for (const [name, value, meaning] of OPTIONS) {
    console.log(`  --${name.padEnd(16)} ${meaning} (default ${value})`);
  }
  process.exit(0);
}
const given = Object.fromEntries(OPTIONS.map(([name]) => [name, Number(values[name])]));
const wrong = OPTIONS.find(([name]) => !(given[name] >= 0));
if (wrong !== undefined) {
  console.error(`--${wrong[0]} ${values[wrong[0]]}: give a number`);
  process.exit(2);
}
const plan = planOf(given);
if (values.json) console.log(JSON.stringify(plan, null, 2));
else show(plan);

function planOf(of) {
  const { users, items, hours, busy } = of;
  const seconds = 3_600 * hours;
  const shards = Math.ceil(users / of["shard-users"]);
  const computed = users * (1 - of.reused);
  const verifierHours = computed / of["verifier-rate"] / 3_600;
  // A user whose list is reused is read and written all the same, which takes a drafter a tenth of the time.
  const drafterHours = (computed + 0.1 * (users - computed)) / of["drafter-rate"] / 3_600;
  const verifiers = Math.max(1, Math.ceil(verifierHours / busy / hours));
  const drafters = Math.max(1, Math.ceil(drafterHours / busy / hours));
  const nodes = verifiers + drafters;
  // On the average, half of the shards are missing, and the others are listed.
  const passSeconds = (shards / 2) * MEASURED.passSecondsPerShard;
  const pause = Math.max(MIN_PAUSE, Math.min(MAX_PAUSE, passSeconds / BUSY_PART));
  const passes = seconds / (pause + passSeconds);
  const writes = WRITES_PER_SHARD * shards;
  const reads = READS_PER_SHARD * shards + (of.reused > 0 ? 2 * shards : 0);
  const listings = Math.ceil(shards / 2 / NAMES_PER_LISTING) * passes;
  const userBytes =
    of["top-k"] * MEASURED.listBytesPerItem + MEASURED.answerBytes + MEASURED.searchBytes;
  const stored = users * (userBytes + of["input-bytes"]);
  const nodeHours = { verifiers: verifiers * hours, drafters: drafters * hours };
  const cost = {
    verifiers: nodeHours.verifiers * of["verifier-price"],
    drafters: nodeHours.drafters * of["drafter-price"],
    control: hours * of["scheduler-price"],
    requests: (writes + listings) * of["put-price"] + reads * of["get-price"],
    "store, a month of one night": (stored / 1e9) * of["gb-price"],
  };
  return {
    shards,
    tooManyShards: shards > MAX_SHARDS,
    planningSeconds: shards * (MEASURED.cutSecondsPerShard + MEASURED.addSecondsPerShard),
    nodes: { verifiers, drafters },
    users: { computed, reused: users - computed, perSecond: users / seconds },
    calls: computed * of.calls,
    redis: {
      bytes: shards * MEASURED.redisBytesPerShard,
      commandsPerSecond:
        (shards * (MEASURED.redisCommandsToAdd + MEASURED.redisCommandsPerShard + passes)) /
          seconds +
        nodes * MEASURED.redisCommandsPerNode,
      bytesPerSecond: (drafters ** 2 * REPORT_BYTES) / REPORT_SECONDS,
    },
    nats: {
      messagesPerSecond: nodes + nodes + drafters * verifiers,
      bytesPerSecond: (nodes + drafters * verifiers) * MEASURED.heartbeatBytes,
    },
    store: { writes, reads, listings, bytes: stored, bytesPerSecond: stored / seconds },
    network: { bytesPerSecond: (computed * of["user-bytes"]) / seconds },
    catalogue: {
      fileBytes: items * MEASURED.catalogueBytesPerItem,
      prepareSeconds: items * MEASURED.prepareSecondsPerItem,
      prepareBytes: items * MEASURED.prepareBytesPerItem,
    },
    nodeHours,
    cost: { ...cost, total: Object.values(cost).reduce((sum, one) => sum + one, 0) },
  };
}

function show({
  shards,
  nodes,
  users,
  calls,
  redis,
  nats,
  store,
  network,
  catalogue,
  cost,
  ...rest
}) {
  const line = (name, text) => console.log(`${name.padEnd(16)} ${text}`);
  line(
    "users",
    `${short(users.computed)} computed, ${short(users.reused)} reused; ${short(users.perSecond)} per second`,
  );
  line("shards", `${whole(shards)}, planned in ${time(rest.planningSeconds)}`);
  if (rest.tooManyShards)
    line("", `more than ${whole(MAX_SHARDS)}: raise --shard-users (--part-size)`);
  line(
    "nodes",
    `${whole(nodes.verifiers)} verifiers, ${whole(nodes.drafters)} drafters of one core`,
  );
  line("calls", short(calls));
  line(
    "Redis",
    `${bytes(redis.bytes)}; ${short(redis.commandsPerSecond)} commands/s; reports ${bytes(redis.bytesPerSecond)}/s`,
  );
  line("NATS", `${short(nats.messagesPerSecond)} messages/s, ${bytes(nats.bytesPerSecond)}/s`);
  line(
    "store",
    `${short(store.writes)} writes, ${short(store.reads)} reads, ${short(store.listings)} listings; ${bytes(store.bytes)}, ${bytes(store.bytesPerSecond)}/s`,
  );
  line("network", `${bytes(network.bytesPerSecond)}/s between drafters and verifiers`);
  line(
    "catalogue",
    `${bytes(catalogue.fileBytes)} per process, prepared in ${time(catalogue.prepareSeconds)} with ${bytes(catalogue.prepareBytes)}`,
  );
  for (const [name, amount] of Object.entries(cost))
    line(name === "total" ? "cost" : "", `${money(amount)} ${name}`);
}

function short(value) {
  const [unit, name] = [
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
    [1, ""],
  ].find(([size]) => value >= size) ?? [1, ""];
  return `${Number((value / unit).toPrecision(3))}${name}`;
}

function bytes(value) {
  return `${short(value)}${/[kMG]$/.test(short(value)) ? "B" : " B"}`;
}

function whole(value) {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

function time(seconds) {
  return seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;
}

function money(amount) {
  return amount.toFixed(2).padStart(10);
}
