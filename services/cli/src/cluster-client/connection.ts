import { resolve } from "node:path";
import { addFlags, type Flag, parseOptions, withoutBlanks } from "@nightbeam/service";
import type { Command } from "commander";
import { z } from "zod";
import { DEFAULT_DIRECTORY } from "../cluster/cluster-file.js";
import { findCluster } from "../cluster/find-cluster.js";
import { ClusterError } from "./errors.js";

/** The address of the scheduler, and its token. */
export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
}

const DEFAULT_URL = "http://127.0.0.1:7080";

const schema = z.object({
  scheduler: z.url({ protocol: /^https?$/, error: `give a URL such as ${DEFAULT_URL}` }).optional(),
  token: z.string().optional(),
});

/** Adds the options of commands that call a scheduler. */
export function withConnection(command: Command): Command {
  return addFlags(command, FLAGS);
}

const FLAGS: readonly Flag[] = [
  {
    flag: "--scheduler <url>",
    meaning: `URL of the scheduler (default: that of nightbeam cluster up, or ${DEFAULT_URL})`,
    variable: "NIGHTBEAM_SCHEDULER_URL",
  },
  { flag: "--token <token>", meaning: "a token that the scheduler takes", isSecret: true },
];

/**
 * Reads the connection from the options of a command, and returns the other options.
 *
 * @throws UsageError BAD_OPTION; ClusterError WRONG_TOKEN without a token, UNREACHABLE without a cluster
 */
export async function connectionOf<Flags extends Record<string, unknown>>(
  flags: Flags,
): Promise<{ connection: Connection; rest: Record<string, unknown> }> {
  // The file of the token was read before.
  const { scheduler, token, tokenFile: _, ...rest } = flags;
  const given = parseOptions(schema, withoutBlanks({ scheduler, token }));
  const cluster = findCluster();
  const url = (given.scheduler ?? cluster?.url ?? DEFAULT_URL).replace(/\/+$/, "");
  // The token of a local cluster is sent only to that cluster.
  const known = url === cluster?.url ? cluster.token : undefined;
  const secret = given.token ?? known;
  if (secret === undefined || secret === "") {
    if (given.scheduler === undefined && cluster === undefined) throw noCluster();
    throw new ClusterError(
      "WRONG_TOKEN",
      "the scheduler requires a token: set NIGHTBEAM_TOKEN to the one that it was started with, or pass --token-file",
    );
  }
  return { connection: { url, token: secret }, rest };
}

function noCluster(): ClusterError {
  return new ClusterError(
    "UNREACHABLE",
    `no cluster is running in ${resolve(DEFAULT_DIRECTORY)}. Start one with \`nightbeam cluster up\`, or pass --scheduler and --token-file.`,
  );
}
