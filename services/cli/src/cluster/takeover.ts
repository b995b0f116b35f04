import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "@nightbeam/service";
import { clusterFilePath, readClusterFile } from "./cluster-file.js";
import {
  identityOf,
  isAlive,
  type ProcessIdentity,
  processIdentitySchema,
  signalProcess,
  waitForEnd,
} from "./process-identity.js";

/** Grace time of processes whose supervisor is gone. */
const ORPHAN_GRACE_MS = 45_000;

/**
 * Makes this process the supervisor of a directory's cluster. Processes that a killed predecessor left running are
 * ended first, because nothing supervises them.
 *
 * @returns the identity of this process
 * @throws UsageError BAD_OPTION if another process keeps the cluster
 */
export async function takeDirectory(
  directory: string,
  say: (line: string) => void,
): Promise<ProcessIdentity> {
  mkdirSync(join(directory, "logs"), { recursive: true, mode: 0o700 });
  const me = identityOf(process.pid) ?? { pid: process.pid, started: "" };
  const left = readClusterFile(directory);
  if (left !== undefined && isAlive(left.supervisor)) throw taken(directory, left.supervisor.pid);
  lock(directory, me);
  try {
    await endOrphans(directory, say);
  } catch (error) {
    leaveDirectory(directory);
    throw error;
  }
  return me;
}

/** Removes the cluster file and the lock of a directory. Data and logs stay. */
export function leaveDirectory(directory: string): void {
  rmSync(clusterFilePath(directory), { force: true });
  rmSync(lockPath(directory), { force: true });
}

/**
 * Ends the processes of a cluster without a supervisor, the last started first.
 *
 * @returns their number
 * @throws UsageError BAD_OPTION if one cannot be ended
 */
export async function endOrphans(directory: string, say: (line: string) => void): Promise<number> {
  const processes = readClusterFile(directory)?.processes ?? [];
  const orphans = processes.flatMap(({ identity }) =>
    identity !== undefined && isAlive(identity) ? [identity] : [],
  );
  if (orphans.length === 0) return 0;
  say(`ending ${orphans.length} processes that an earlier cluster left running`);
  for (const orphan of orphans.toReversed()) {
    signalProcess(orphan, "SIGTERM");
    for (const stubborn of await waitForEnd([orphan], ORPHAN_GRACE_MS)) {
      signalProcess(stubborn, "SIGKILL");
    }
  }
  const [alive] = await waitForEnd(orphans, 5_000);
  if (alive === undefined) return orphans.length;
  throw new UsageError(
    "BAD_OPTION",
    `process ${alive.pid} of an earlier cluster cannot be ended; kill it manually`,
  );
}

/** Creates the lock file atomically, with its holder: it is written first and then linked into place. */
function lock(directory: string, me: ProcessIdentity): void {
  const path = lockPath(directory);
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(mine, path);
        return;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) throw taken(directory, holder.pid);
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function readHolder(path: string): ProcessIdentity | undefined {
  try {
    return processIdentitySchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

function lockPath(directory: string): string {
  return join(directory, "lock");
}

function taken(directory: string, pid: number): UsageError {
  return new UsageError(
    "BAD_OPTION",
    `process ${pid} keeps a cluster in ${directory} already. Stop it with nightbeam cluster down, ` +
      "or use another --directory.",
  );
}
