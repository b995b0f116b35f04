import { resolve } from "node:path";
import { parseOptions, withoutBlanks, withRequired } from "@nightbeam/service";
import { Command, Option } from "commander";
import { readClusterFile } from "../cluster/cluster-file.js";
import { clusterDown } from "../cluster/down.js";
import { clusterDirectorySchema, clusterUpSchema } from "../cluster/options.js";
import { isAlive } from "../cluster/process-identity.js";
import { processTable } from "../cluster/process-table.js";
import { clusterUp } from "../cluster/up.js";
import { usageHint } from "../cluster/usage-hint.js";

/** `nightbeam cluster` */
export function clusterCommand(): Command {
  return new Command("cluster")
    .description("a whole cluster on this machine: start it, look at it, stop it")
    .addCommand(upCommand())
    .addCommand(statusCommand())
    .addCommand(downCommand());
}

const DIRECTORY = [
  "--directory <dir>",
  "data, logs and addresses (default .nightbeam/cluster)",
] as const;

const say = (line: string) => process.stderr.write(`${line}\n`);

function upCommand(): Command {
  return withRequired(
    new Command("up")
      .description("start Redis, NATS, scheduler, verifiers and drafters here, until Ctrl-C")
      .option("--target <dir>", "the large model: a Hugging Face checkpoint with nightbeam.json")
      .option("--catalogue <file>", "items and their codes")
      .option("--verifiers <n>", "processes with the target (default 2)")
      .option("--drafters <n>", "processes that take shards (default 2)")
      .option(...DIRECTORY)
      .option(
        "--scoring <kind>",
        "full: over the vocabulary; renormalized: over the catalogue (default full)",
      )
      .option("--precision <kind>", "fp32 or int8 (default fp32)")
      .option("--workers-per-verifier <n>", "copies of the target in each (default: a core each)")
      .addOption(
        new Option("--redis <url>", "a Redis that runs already (default: one is started)").env(
          "NIGHTBEAM_REDIS_URL",
        ),
      )
      .addOption(
        new Option("--nats <url>", "a NATS that runs already (default: one is started)").env(
          "NIGHTBEAM_NATS_URL",
        ),
      )
      .option("--scheduler-port <n>", "where runs are submitted; 0 takes a free one (default 7080)")
      .option("--log-format <kind>", "of the logs: pretty or json (default pretty)")
      .option("--no-install", "do not install redis-server and nats-server where they are missing")
      .action(async (flags: Record<string, unknown>) => up(flags)),
    clusterUpSchema,
  );
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

async function up(flags: Record<string, unknown>): Promise<void> {
  const options = parseOptions(clusterUpSchema, withoutBlanks(flags));
  const cluster = await clusterUp(options, {
    say,
    ready: ({ scheduler, processes }) => {
      const hint = usageHint(options, { scheduler, env: process.env });
      process.stdout.write(`${processTable(processes)}\n\n${hint}\n`);
    },
  });
  let asked = 0;
  const stop = () => {
    asked += 1;
    say(asked === 1 ? STOPPING : "Ending everything at once.");
    cluster.stop();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    await cluster.ended;
    say("The cluster has stopped. The same command continues what is unfinished.");
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}

const STOPPING =
  "Stopping drafters, verifiers, scheduler, NATS and Redis, in this order; a second time ends them at once.";

const ORPHANED =
  "\nThese are what `cluster up` left when it was killed: nobody looks after them. `nightbeam cluster up`\n" +
  "takes the directory over, `nightbeam cluster down` ends them.\n";

function statusCommand(): Command {
  return new Command("status")
    .description("the processes of the cluster on this machine")
    .option(...DIRECTORY)
    .action((flags: Record<string, unknown>) => {
      const place = resolve(parseOptions(clusterDirectorySchema, flags).directory);
      const cluster = readClusterFile(place);
      if (cluster === undefined) {
        process.stdout.write(`No cluster runs in ${place}.\n`);
        process.exitCode = 1;
        return;
      }
      process.stdout.write(`${processTable(cluster.processes)}\n`);
      if (isAlive(cluster.supervisor)) return;
      process.stdout.write(ORPHANED);
      process.exitCode = 1;
    });
}

function downCommand(): Command {
  return new Command("down")
    .description("stop the cluster on this machine; what it has done stays")
    .option(...DIRECTORY)
    .action(async (flags: Record<string, unknown>) => {
      const place = resolve(parseOptions(clusterDirectorySchema, flags).directory);
      const found = await clusterDown(place, say);
      process.stdout.write(found ? "The cluster has stopped.\n" : `No cluster runs in ${place}.\n`);
    });
}
