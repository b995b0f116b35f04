import { resolve } from "node:path";
import { DEFAULT_DIRECTORY, readClusterFile } from "./cluster-file.js";
import { isAlive } from "./process-identity.js";

/** How a client reaches the cluster that `nightbeam cluster up` keeps on this machine. */
export interface KnownCluster {
  /** The scheduler's address, such as http://127.0.0.1:7080. */
  readonly url: string;
  readonly token: string;
  readonly nats: string;
}

/**
 * The cluster that was started in the current directory, for clients that were told no other.
 * Undefined where none runs, or its scheduler has not been ready yet.
 *
 * @param directory the one that `cluster up` was started in
 * @throws UsageError BAD_CONFIG where its file is damaged
 */
export function findCluster(directory: string = process.cwd()): KnownCluster | undefined {
  const file = readClusterFile(resolve(directory, DEFAULT_DIRECTORY));
  if (file?.scheduler === undefined || !isAlive(file.supervisor)) return undefined;
  return { url: file.scheduler, token: file.token, nats: file.nats };
}
