import { resolve } from "node:path";
import { DEFAULT_DIRECTORY, readClusterFile } from "./cluster-file.js";
import { isAlive } from "./process-identity.js";

/** The addresses and the token of a cluster on this machine. */
export interface KnownCluster {
  /** The URL of the scheduler, such as http://127.0.0.1:7080. */
  readonly url: string;
  readonly token: string;
  readonly nats: string;
  readonly namespace: string;
  /** The directory of its certificates; absolute. Undefined without TLS. */
  readonly tls?: string | undefined;
}

/**
 * Finds the cluster that was started in the current directory, for clients without a --scheduler. Undefined if none
 * is running or its scheduler is not ready yet.
 *
 * @param directory the working directory of `cluster up`
 * @throws UsageError BAD_CONFIG if its file is damaged
 */
export function findCluster(directory: string = process.cwd()): KnownCluster | undefined {
  const file = readClusterFile(resolve(directory, DEFAULT_DIRECTORY));
  if (file?.scheduler === undefined || !isAlive(file.supervisor)) return undefined;
  const { scheduler: url, token, nats, namespace, tls } = file;
  return { url, token, nats, namespace, ...(tls === undefined ? {} : { tls }) };
}
