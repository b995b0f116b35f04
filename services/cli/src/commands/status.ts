import type { Alarm, Nodes, RunStatus } from "@nightbeam/api";
import { facts, print, printError, progressBar, table, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { type SchedulerClient, schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { summary } from "../cluster-client/describe.js";
import { ClusterError } from "../cluster-client/errors.js";
import { followRun } from "../cluster-client/follow.js";
import { localTime } from "../cluster-client/local-time.js";
import { runTable } from "../cluster-client/run-table.js";
import { withFlags } from "../options/key-flags.js";
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
    .option("--clear-alarms", "remove all alarms");
  return withConnection(command).action(
    async (runId: string | undefined, flags: Record<string, unknown>) => {
      const { connection, rest } = await connectionOf(flags);
      const client = schedulerClient(connection);
      if (rest.clearAlarms === true) await client.clearAlarms();
      if (runId === undefined) print(`${await overview(client)}\n`);
      else if (rest.follow === true) await follow(client, runId);
      else print(`${summary(await client.run(runId))}\n`);
    },
  );
}

async function follow(client: SchedulerClient, runId: string): Promise<void> {
  const progress = progressBar(process.stderr);
  const say = (line: string) => printError(`${line}\n`);
  const run = await followRun({ client, runId, progress, say, everyMs: 1_000 });
  if (run.state === "refused") {
    throw new ClusterError("REFUSED", `run ${run.id} cannot be planned: ${run.reason ?? ""}`);
  }
  print(`${summary(run)}\n`);
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

async function overview(client: SchedulerClient): Promise<string> {
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
  return lines.join("\n\n");
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
