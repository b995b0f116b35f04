import type { Alarm, Nodes, RunStatus } from "@nightbeam/api";
import { parseOptions, UsageError, wholeNumber } from "@nightbeam/service";
import { facts, printError, progressBar, table, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { type SchedulerClient, schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { summary } from "../cluster-client/describe.js";
import { ClusterError } from "../cluster-client/errors.js";
import { followRun } from "../cluster-client/follow.js";
import { localTime } from "../cluster-client/local-time.js";
import { runTable } from "../cluster-client/run-table.js";
import { watch } from "../cluster-client/watch.js";
import { withFlags } from "../options/key-flags.js";
import { printResult, withJson } from "../output.js";
import { NO_LISTS } from "../recommend/row-facts.js";

/** The exit codes of --follow. */
const EXIT_CODES = { complete: 0, refused: 1, partial: 3, cancelled: 4 } as const;

/** `nightbeam status` */
export function statusCommand(): Command {
  const command = new Command("status")
    .argument("[run]", "id of the run")
    .option(
      "--follow",
      "show progress until the run ends; exit code 0: complete, 3: partial, 4: cancelled, 5: complete without a list",
    )
    .option("--watch [seconds]", "draw it again every so many seconds (default 2), until Ctrl-C")
    .option("--clear-alarms", "remove all alarms");
  return withJson(withConnection(command)).action(
    async (runId: string | undefined, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const client = schedulerClient(connection);
      if (rest.clearAlarms === true) await client.clearAlarms();
      if (rest.watch !== undefined) return watchStatus(client, { runId, flags: rest });
      if (runId !== undefined && rest.follow === true)
        return follow(client, { runId, flags: rest });
      printResult(rest, await read(client, runId));
    },
  );
}

/** The status of a run, or of everything. */
async function read(client: SchedulerClient, runId: string | undefined) {
  if (runId === undefined) return overview(client);
  const run = await client.run(runId);
  return { value: run, text: summary(run) };
}

const watchSchema = z.object({ watch: z.union([z.literal(true), wholeNumber(1)]) });

/** Until the run ends, or for ever. @throws UsageError BAD_OPTION */
async function watchStatus(
  client: SchedulerClient,
  { runId, flags }: { readonly runId: string | undefined; readonly flags: Record<string, unknown> },
): Promise<void> {
  const { follow: isFollowed, json } = flags;
  if (isFollowed === true || json === true) {
    throw new UsageError(
      "BAD_OPTION",
      `--watch draws for people: leave out ${json === true ? "--json" : "--follow"}`,
    );
  }
  const { watch: seconds } = parseOptions(watchSchema, flags);
  await watch({
    screen: process.stdout,
    everyMs: (seconds === true ? 2 : seconds) * 1_000,
    read: async () => {
      const { value, text } = await read(client, runId);
      return { text, isLast: "state" in value && hasEnded(value.state) };
    },
  });
}

async function follow(
  client: SchedulerClient,
  { runId, flags }: { readonly runId: string; readonly flags: Record<string, unknown> },
): Promise<void> {
  const progress = progressBar(process.stderr);
  const say = (line: string) => printError(`${line}\n`);
  const run = await followRun({ client, runId, progress, say, everyMs: 1_000 });
  if (run.state === "refused") {
    throw new ClusterError("REFUSED", `run ${run.id} cannot be planned: ${run.reason ?? ""}`);
  }
  printResult(flags, { value: run, text: summary(run) });
  process.exitCode = exitCode(run);
}

type EndedState = keyof typeof EXIT_CODES;

function hasEnded(state: RunStatus["state"]): state is EndedState {
  return state in EXIT_CODES;
}

function exitCode({ state, users, rejected }: RunStatus): number {
  if (state === "complete" && rejected === (users.total ?? 0)) return NO_LISTS;
  return hasEnded(state) ? EXIT_CODES[state] : 0;
}

async function overview(client: SchedulerClient) {
  const [runs, nodes, alarms] = await Promise.all([client.runs(), client.nodes(), client.alarms()]);
  const open = runs.filter(({ state }) => !hasEnded(state));
  const lines = [
    facts([
      ["runs", open.length === 0 ? "none in progress" : `${whole(open.length)} in progress`],
      ["nodes", nodesFact(nodes)],
      ["alarms", alarms.length === 0 ? "none" : whole(alarms.length)],
    ]),
  ];
  if (open.length > 0) lines.push(runTable(open));
  if (nodes.verifiers.length + nodes.drafters.length > 0) lines.push(nodeTable(nodes));
  if (alarms.length > 0) lines.push(alarms.slice(0, ALARMS_SHOWN).map(alarmLine).join("\n"));
  return { value: { runs: open, nodes, alarms }, text: lines.join("\n\n") };
}

const ALARMS_SHOWN = 20;

function nodesFact({ connected, verifiers, drafters }: Nodes): string {
  if (!connected && verifiers.length + drafters.length === 0) return "unknown without NATS";
  const away = connected ? "" : ", when NATS was last connected";
  return `${verifiers.length} verifiers, ${drafters.length} drafters${away}`;
}

function nodeTable({ verifiers, drafters }: Nodes): string {
  const row = (role: string) => (node: Nodes["verifiers"][number]) => [
    node.id,
    role,
    node.address ?? "",
    node.target?.slice(0, 12) ?? "",
    whole(node.waitingTokens),
    node.draining ? "draining" : "",
  ];
  return table([
    ["node", "role", "address", "target", "waiting tokens", ""],
    ...verifiers.map(row("verifier")),
    ...drafters.map(row("drafter")),
  ]);
}

function alarmLine({ at, message }: Alarm): string {
  return `${localTime(at)}  ${withFlags(message)}`;
}
