import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namespaceField, UsageError } from "@nightbeam/service";
import { z } from "zod";
import { processIdentitySchema } from "./process-identity.js";

/** The default directory of `nightbeam cluster up`. */
export const DEFAULT_DIRECTORY = join(".nightbeam", "cluster");

const processSchema = z.object({
  name: z.string(),
  state: z.string(),
  /** Undefined while it waits for a restart. */
  identity: processIdentitySchema.exactOptional(),
  /** Its address without a password; undefined if it takes no connections. */
  address: z.string().exactOptional(),
  log: z.string(),
});

const clusterFileSchema = z.object({
  supervisor: processIdentitySchema,
  /** The URL of the scheduler; undefined until it is ready. */
  scheduler: z.string().exactOptional(),
  redis: z.string(),
  nats: z.string(),
  namespace: namespaceField,
  token: z.string(),
  /** The directory of its certificates; absolute. */
  tls: z.string().exactOptional(),
  processes: z.array(processSchema).readonly(),
});

export type ClusterProcess = Readonly<z.infer<typeof processSchema>>;
/** The processes of a cluster and their addresses. The file contains secrets, so its mode is 0600. */
export type ClusterFile = Readonly<z.infer<typeof clusterFileSchema>>;

/**
 * Reads the file in the directory of a cluster. Undefined if no cluster is running or was left running.
 *
 * @throws UsageError BAD_CONFIG if the file is invalid
 */
export function readClusterFile(directory: string): ClusterFile | undefined {
  const path = clusterFilePath(directory);
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const parsed = clusterFileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new UsageError(
    "BAD_CONFIG",
    `${path} is not a file of nightbeam cluster up. Remove it if no cluster is running.`,
  );
}

/** Replaces the file atomically. */
export function writeClusterFile(directory: string, file: ClusterFile): void {
  writePrivate(clusterFilePath(directory), `${JSON.stringify(file, null, 2)}\n`);
}

export function clusterFilePath(directory: string): string {
  return join(directory, "cluster.json");
}

/** The token of the cluster's scheduler: created once per directory. */
export function clusterToken(directory: string): string {
  const path = join(directory, "token");
  const known = readIfThere(path)?.trim();
  if (known !== undefined && known !== "") return known;
  const token = randomBytes(24).toString("base64url");
  writePrivate(path, `${token}\n`);
  return token;
}

function writePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
