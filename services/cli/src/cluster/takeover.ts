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

/** Time that processes of a cluster whose supervisor is gone have to end. */
const ORPHAN_GRACE_MS = 45_000;

/**
 * Makes this process the one that keeps the cluster of a directory. What a killed predecessor left
 * running is ended first: nobody would start it again.
 *
 * @returns the identity of this process
 * @throws UsageError BAD_OPTION where another process keeps it
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

/** Forgets what ran, and lets others have the directory. Data and logs stay. */
export function leaveDirectory(directory: string): void {
  rmSync(clusterFilePath(directory), { force: true });
  rmSync(lockPath(directory), { force: true });
}

/**
 * Ends the processes of a cluster that nobody keeps any more, those first that were started last.
 *
 * @returns how many there were
 * @throws UsageError BAD_OPTION where one cannot be ended
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
    `process ${alive.pid} of an earlier cluster cannot be ended; end it by hand`,
  );
}

/** The lock names its holder from the first moment on: the file is linked into its place as a whole. */
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
      "or give this one another --directory.",
  );
}
