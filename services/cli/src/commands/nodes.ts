import type { Nodes } from "@nightbeam/scheduler/api";
import { parseOptions } from "@nightbeam/service";
import { listing, print, whole } from "@nightbeam/service/terminal";
import { Command, Option } from "commander";
import { z } from "zod";
import { findCluster } from "../cluster/find-cluster.js";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";

/** `nightbeam nodes` */
export function nodesCommand(): Command {
  return new Command("nodes")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(drainCommand());
}

function listCommand(): Command {
  const command = new Command("list")
    .description("list all announced nodes")
    .option("--json", "print JSON");
  return withConnection(command).action(async (flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const nodes = await schedulerClient(connection).nodes();
    const text = rest.json === true ? JSON.stringify(nodes, null, 2) : describe(nodes);
    print(`${text}\n`);
  });
}

const CONNECT_WITHIN_MS = 5_000;

const drainSchema = z.object({ nats: z.string() });

function drainCommand(): Command {
  return new Command("drain")
    .description("ask a node to finish its work and exit; a supervisor may start it again")
    .argument("<name>", "name of the node in the list")
    .addOption(
      new Option("--nats <url>", "NATS servers (default: those of nightbeam cluster up)").env(
        "NIGHTBEAM_NATS_URL",
      ),
    )
    .action(async (name: string, flags: Record<string, unknown>) => {
      const { nats } = parseOptions(drainSchema, { nats: findCluster()?.nats, ...flags });
      const { openControl } = await import("@nightbeam/control");
      const { silentLog } = await import("@nightbeam/service/log");
      const control = await openControl({ servers: nats, name: "nightbeam nodes", log: silentLog });
      try {
        await control.waitConnected(CONNECT_WITHIN_MS);
        await control.drain(name);
      } finally {
        await control.close();
      }
      print(`asked ${name} to finish its work and exit\n`);
    });
}

function describe({ connected, verifiers, drafters }: Nodes): string {
  const row = (role: string) => (node: Nodes["verifiers"][number]) => [
    node.id,
    role,
    node.address ?? "-",
    node.target?.slice(0, 12) ?? "-",
    node.draining ? "draining" : `${whole(node.waitingTokens + node.runningTokens)} tokens`,
    node.version,
  ];
  const rows = [...verifiers.map(row("verifier")), ...drafters.map(row("drafter"))];
  const away = connected ? [] : ["No connection to NATS: this list may be outdated."];
  const head = ["node", "role", "address", "target", "load", "version"];
  return [...away, rows.length === 0 ? "There are no nodes." : listing([head, ...rows])].join("\n");
}
