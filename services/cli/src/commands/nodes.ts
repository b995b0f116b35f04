import { readFileSync } from "node:fs";
import type { Nodes } from "@nightbeam/api";
import {
  addFlags,
  controlFields,
  type Flag,
  flagOf,
  natsFlags,
  parseOptions,
  secretsIn,
  tlsFlags,
  withoutBlanks,
} from "@nightbeam/service";
import { listing, print, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { certificateFiles } from "../certs/certificates.js";
import { findCluster } from "../cluster/find-cluster.js";
import { schedulerClient } from "../cluster-client/client.js";
import { connectionOf, withConnection } from "../cluster-client/connection.js";
import { printResult, withJson } from "../output.js";

/** `nightbeam nodes` */
export function nodesCommand(): Command {
  return new Command("nodes")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(drainCommand());
}

function listCommand(): Command {
  const command = new Command("list").description("list all announced nodes");
  return withJson(withConnection(command)).action(async (flags: Record<string, unknown>) => {
    const { connection, rest } = await connectionOf(flags);
    const nodes = await schedulerClient(connection).nodes();
    printResult(rest, { value: nodes, text: describe(nodes) });
  });
}

const CONNECT_WITHIN_MS = 5_000;

const drainSchema = z.object({ ...controlFields, nats: z.string() });

const DRAIN_FLAGS: readonly Flag[] = [
  ...natsFlags("NATS servers (default: those of nightbeam cluster up)"),
  ...tlsFlags({
    ca: "PEM file of the authority of NATS' certificate",
    cert: "your certificate, if NATS requires one",
  }),
];

function drainCommand(): Command {
  const command = new Command("drain")
    .description("ask a node to finish its work and exit; a supervisor may start it again")
    .argument("<name>", "name of the node in the list");
  return addFlags(command, DRAIN_FLAGS).action(
    async (name: string, flags: Record<string, unknown>, running: Command) => {
      const given = { ...localServers(), ...withoutBlanks(flags) };
      const options = parseOptions(drainSchema, given, { isSecret: secretsIn(running) });
      const { controlOf } = await import("@nightbeam/control");
      const { silentLog } = await import("@nightbeam/service/log");
      const control = await controlOf(options, {
        name: "nightbeam nodes",
        log: silentLog,
        nameOf: flagOf,
      });
      try {
        await control.waitConnected(CONNECT_WITHIN_MS);
        await control.drain(name);
      } finally {
        await control.close();
      }
      print(`asked ${name} to finish its work and exit\n`);
    },
  );
}

/** What a cluster on this machine is reached with. */
function localServers(): Partial<z.input<typeof drainSchema>> {
  const cluster = findCluster();
  if (cluster === undefined) return {};
  const { nats, namespace, tls } = cluster;
  if (tls === undefined) return { nats, namespace };
  const { ca: tlsCa, clusterKey, of } = certificateFiles(tls);
  const { cert: tlsCert, key: tlsKey } = of("client");
  return {
    nats,
    namespace,
    tlsCa,
    tlsCert,
    tlsKey,
    clusterKey: readFileSync(clusterKey, "utf8").trim(),
  };
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
  const versions = new Set([...verifiers, ...drafters].map(({ version }) => version));
  const mixed =
    versions.size < 2
      ? []
      : [
          `Nodes of different versions: ${[...versions].toSorted().join(", ")}. Upgrade the older ones.`,
        ];
  const away = connected ? [] : ["No connection to NATS: this list may be outdated."];
  const head = ["node", "role", "address", "target", "load", "version"];
  return [
    ...away,
    ...mixed,
    rows.length === 0 ? "There are no nodes." : listing([head, ...rows]),
  ].join("\n");
}
