import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseOptions, UsageError, withoutBlanks } from "@nightbeam/service";
import { type Command, Option } from "commander";
import { z } from "zod";
import { DEFAULT_DIRECTORY } from "../cluster/cluster-file.js";
import { findCluster } from "../cluster/find-cluster.js";
import { ClusterError } from "./errors.js";

/** Where the scheduler is, and what it asks for. */
export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
}

const DEFAULT_URL = "http://127.0.0.1:7080";

const schema = z.object({
  scheduler: z
    .url({ protocol: /^https?$/, error: `give an address such as ${DEFAULT_URL}` })
    .optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
});

/** The options of every command that talks to a scheduler. */
export function withConnection(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--scheduler <url>",
        `where the scheduler is (default: that of nightbeam cluster up, or ${DEFAULT_URL})`,
      ).env("NIGHTBEAM_SCHEDULER_URL"),
    )
    .addOption(new Option("--token <token>", "the scheduler's token").env("NIGHTBEAM_TOKEN"))
    .addOption(
      new Option("--token-file <file>", "a file that holds the token").env("NIGHTBEAM_TOKEN_FILE"),
    );
}

/**
 * Takes the connection out of a command's flags.
 *
 * @throws UsageError BAD_OPTION; ClusterError WRONG_TOKEN where there is none
 */
export async function connectionOf<Flags extends Record<string, unknown>>(
  flags: Flags,
): Promise<{ connection: Connection; rest: Record<string, unknown> }> {
  const { scheduler, token, tokenFile, ...rest } = flags;
  const given = parseOptions(schema, withoutBlanks({ scheduler, token, tokenFile }));
  const cluster = findCluster();
  const url = (given.scheduler ?? cluster?.url ?? DEFAULT_URL).replace(/\/+$/, "");
  // A cluster's token is shown to that cluster only.
  const known = url === cluster?.url ? cluster.token : undefined;
  const secret = given.token ?? (await fromFile(given.tokenFile)) ?? known;
  if (secret === undefined || secret === "") {
    if (given.scheduler === undefined && cluster === undefined) throw noCluster();
    throw new ClusterError(
      "WRONG_TOKEN",
      "the scheduler asks for a token: set NIGHTBEAM_TOKEN to the one that it was started with, or give --token-file",
    );
  }
  return { connection: { url, token: secret }, rest };
}

function noCluster(): ClusterError {
  return new ClusterError(
    "UNREACHABLE",
    `no cluster of ${resolve(DEFAULT_DIRECTORY)} runs. Start one there with \`nightbeam cluster up\`, or name another with --scheduler and --token-file.`,
  );
}

async function fromFile(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError("BAD_OPTION", `--token-file ${path} cannot be read: ${reason}`, { cause });
  }
}
