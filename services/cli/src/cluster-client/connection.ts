import { resolve } from "node:path";
import {
  addFlags,
  type Flag,
  parseOptions,
  readTls,
  type TlsBytes,
  withoutBlanks,
} from "@nightbeam/service";
import type { Command } from "commander";
import { z } from "zod";
import { certificateFiles } from "../certs/certificates.js";
import { DEFAULT_DIRECTORY } from "../cluster/cluster-file.js";
import { findCluster } from "../cluster/find-cluster.js";
import { ClusterError } from "./errors.js";

/** The address of the scheduler, and its token. */
export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
  /** The authority of an https server. */
  readonly tls?: TlsBytes | undefined;
}

const DEFAULT_URL = "http://127.0.0.1:7080";

const schema = z.object({
  scheduler: z.url({ protocol: /^https?$/, error: `give a URL such as ${DEFAULT_URL}` }).optional(),
  token: z.string().optional(),
  tlsCa: z.string().optional(),
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
  {
    flag: "--tls-ca <file>",
    meaning: "PEM file of the authority of the scheduler's certificate, for an https URL",
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
  const { scheduler, token, tokenFile: _, tlsCa, ...rest } = flags;
  const given = parseOptions(schema, withoutBlanks({ scheduler, token, tlsCa }));
  const cluster = findCluster();
  const url = (given.scheduler ?? cluster?.url ?? DEFAULT_URL).replace(/\/+$/, "");
  // The token of a local cluster is sent only to that cluster.
  const known = url === cluster?.url ? cluster.token : undefined;
  const knownCa =
    url === cluster?.url && cluster.tls !== undefined
      ? certificateFiles(cluster.tls).ca
      : undefined;
  const secret = given.token ?? known;
  if (secret === undefined || secret === "") {
    if (given.scheduler === undefined && cluster === undefined) throw noCluster();
    throw new ClusterError(
      "WRONG_TOKEN",
      "the scheduler requires a token: set NIGHTBEAM_TOKEN to the one that it was started with, or pass --token-file",
    );
  }
  // Other variables of the environment may name it as well: without https it has no effect.
  const tls = url.startsWith("https:")
    ? await readTls({ tlsCa: given.tlsCa ?? knownCa })
    : undefined;
  return { connection: { url, token: secret, ...(tls === undefined ? {} : { tls }) }, rest };
}

function noCluster(): ClusterError {
  return new ClusterError(
    "UNREACHABLE",
    `no cluster is running in ${resolve(DEFAULT_DIRECTORY)}. Start one with \`nightbeam cluster up\`, or pass --scheduler and --token-file.`,
  );
}
