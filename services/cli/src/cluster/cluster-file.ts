import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "@nightbeam/service";
import { z } from "zod";
import { processIdentitySchema } from "./process-identity.js";

/** Where `nightbeam cluster up` keeps everything, unless it is told otherwise. */
export const DEFAULT_DIRECTORY = join(".nightbeam", "cluster");

const processSchema = z.object({
  name: z.string(),
  state: z.string(),
  /** Undefined while it waits to be started again. */
  identity: processIdentitySchema.exactOptional(),
  /** Where it is reached, without a password; undefined for what nobody dials. */
  address: z.string().exactOptional(),
  log: z.string(),
});

const clusterFileSchema = z.object({
  supervisor: processIdentitySchema,
  /** Where runs are submitted to; undefined until the scheduler has been ready. */
  scheduler: z.string().exactOptional(),
  redis: z.string(),
  nats: z.string(),
  token: z.string(),
  processes: z.array(processSchema).readonly(),
});

export type ClusterProcess = Readonly<z.infer<typeof processSchema>>;
/** What runs, and how to reach it. It holds secrets: mode 0600. */
export type ClusterFile = Readonly<z.infer<typeof clusterFileSchema>>;

/**
 * What was last written in a cluster's directory; undefined where no cluster was left running.
 *
 * @throws UsageError BAD_CONFIG where the file is not what it should be
 */
export function readClusterFile(directory: string): ClusterFile | undefined {
  const path = clusterFilePath(directory);
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const parsed = clusterFileSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new UsageError(
    "BAD_CONFIG",
    `${path} is not what nightbeam cluster up writes. Remove it if no cluster runs.`,
  );
}

/** Replaces it in one step, so that nobody reads half of it. */
export function writeClusterFile(directory: string, file: ClusterFile): void {
  writePrivate(clusterFilePath(directory), `${JSON.stringify(file, null, 2)}\n`);
}

export function clusterFilePath(directory: string): string {
  return join(directory, "cluster.json");
}

/** The secret that clients show the scheduler: made once, and the same for the directory's life. */
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
