import { relative, resolve } from "node:path";
import {
  addFlags,
  type Flag,
  NAMESPACE_FLAG,
  parseOptions,
  withoutBlanks,
  withRequired,
} from "@nightbeam/service";
import { listing, print, printError } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { type ClusterProcess, readClusterFile } from "../cluster/cluster-file.js";
import { clusterDown } from "../cluster/down.js";
import { clusterDirectorySchema, clusterUpSchema } from "../cluster/options.js";
import { isAlive } from "../cluster/process-identity.js";
import { clusterUp } from "../cluster/up.js";
import { usageHint } from "../cluster/usage-hint.js";
import { printResult, withJson } from "../output.js";

/** `nightbeam cluster` */
export function clusterCommand(): Command {
  return new Command("cluster")
    .addCommand(upCommand())
    .addCommand(statusCommand())
    .addCommand(downCommand());
}

const DIRECTORY = [
  "--directory <dir>",
  "directory for data, logs and addresses (default .nightbeam/cluster)",
] as const;

const say = (line: string) => printError(`${line}\n`);

function upCommand(): Command {
  return withRequired(
    addFlags(upOptions(), UP_FLAGS).action(async (flags: Record<string, unknown>) => up(flags)),
    clusterUpSchema,
  );
}

/** What an environment variable can give as well. */
const UP_FLAGS: readonly Flag[] = [
  {
    flag: "--redis <url>",
    meaning: "an existing Redis (default: starts one)",
    variable: "NIGHTBEAM_REDIS_URL",
    isSecret: true,
  },
  {
    flag: "--nats <url>",
    meaning: "an existing NATS (default: starts one)",
    variable: "NIGHTBEAM_NATS_URL",
    isSecret: true,
  },
  NAMESPACE_FLAG,
];

function upOptions(): Command {
  return new Command("up")
    .description("run Redis, NATS, scheduler, verifiers and drafters here, until Ctrl-C")
    .option("--target <dir>", "the large model: a Hugging Face checkpoint with nightbeam.json")
    .option("--catalogue <file>", "items and their codes")
    .option("--verifiers <n>", "number of verifiers (default 2)")
    .option("--drafters <n>", "number of drafters (default 2)")
    .option(...DIRECTORY)
    .option(
      "--scoring <kind>",
      "full: over the vocabulary; renormalized: over the catalogue (default full)",
    )
    .option("--precision <kind>", "fp32, int8, or on a GPU fp16 or bf16 (default fp32)")
    .option(
      "--workers-per-verifier <n>",
      "copies of the target per verifier (default: one per core, shared among them)",
    )
    .option(
      "--audit-rate <share>",
      "share of the calls that are asked again of a second verifier and compared; 0 for none (default 0.01)",
    )
    .option("--tls <dir>", "use TLS everywhere, with the certificates of nightbeam certs DIR")
    .option("--scheduler-port <n>", "port of the HTTP API; 0 picks a free one (default 7080)")
    .option("--log-format <kind>", "format of the logs: pretty or json (default pretty)")
    .option("--no-install", "do not install redis-server and nats-server if they are missing");
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function up(flags: Record<string, unknown>): Promise<void> {
  const options = parseOptions(clusterUpSchema, withoutBlanks(flags));
  const cluster = await clusterUp(options, {
    say,
    ready: ({ scheduler, processes }) => {
      const hint = usageHint(options, { scheduler, env: process.env });
      print(`${processTable(processes)}\n\n${hint}\n`);
    },
  });
  let asked = 0;
  const stop = () => {
    asked += 1;
    say(asked === 1 ? STOPPING : "Killing all processes.");
    cluster.stop();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    await cluster.ended;
    say("The cluster has stopped. Start it again to continue unfinished runs.");
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}

const STOPPING =
  "Stopping drafters, verifiers, scheduler, NATS and Redis, in this order. Press Ctrl-C again to kill them.";

const ORPHANED =
  "\n`cluster up` was killed, so nothing supervises these processes. `nightbeam cluster up` takes over the\n" +
  "directory, `nightbeam cluster down` ends them.";

function statusCommand(): Command {
  const command = new Command("status")
    .description("list the processes of the cluster on this machine")
    .option(...DIRECTORY);
  return withJson(command).action((flags: Record<string, unknown>) => {
    const place = resolve(parseOptions(clusterDirectorySchema, flags).directory);
    const cluster = readClusterFile(place);
    if (cluster === undefined) {
      const text = `No cluster runs in ${place}.`;
      printResult(flags, { value: { directory: place, processes: [] }, text });
      process.exitCode = 1;
      return;
    }
    const { scheduler, processes, supervisor } = cluster;
    const isSupervised = isAlive(supervisor);
    const shown = processes.map((one) => ({ ...one, state: stateOf(one) }));
    const table = processTable(processes);
    printResult(flags, {
      value: { directory: place, scheduler, isSupervised, processes: shown },
      text: isSupervised ? table : `${table}\n${ORPHANED}`,
    });
    if (!isSupervised) process.exitCode = 1;
  });
}

function downCommand(): Command {
  return new Command("down")
    .description("stop the cluster on this machine; its data stays")
    .option(...DIRECTORY)
    .action(async (flags: Record<string, unknown>) => {
      const place = resolve(parseOptions(clusterDirectorySchema, flags).directory);
      const found = await clusterDown(place, say);
      print(found ? "The cluster has stopped.\n" : `No cluster runs in ${place}.\n`);
    });
}

/** The processes of a cluster, one per line, with the paths of their logs relative to the working directory. */
function processTable(processes: readonly ClusterProcess[]): string {
  const rows = processes.map((one) => [
    one.name,
    stateOf(one),
    one.address ?? "-",
    one.identity === undefined ? "-" : String(one.identity.pid),
    shorter(one.log),
  ]);
  return listing([["name", "state", "address", "pid", "log"], ...rows]);
}

/** The file may be older than the end of the process. */
function stateOf({ identity, state }: ClusterProcess): string {
  return identity !== undefined && !isAlive(identity) ? "gone" : state;
}

function shorter(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}
