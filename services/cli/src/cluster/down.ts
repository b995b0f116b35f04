import { UsageError } from "@nightbeam/service";
import { readClusterFile } from "./cluster-file.js";
import { isAlive, signalProcess, waitForEnd } from "./process-identity.js";
import { endOrphans, leaveDirectory } from "./takeover.js";

/** Every group may need its whole grace time. */
const WITHIN_MS = 180_000;

/**
 * Stops the cluster of a directory and waits for its end.
 *
 * @returns whether there was one
 * @throws UsageError BAD_OPTION if it does not end
 */
export async function clusterDown(
  directory: string,
  say: (line: string) => void,
): Promise<boolean> {
  const cluster = readClusterFile(directory);
  if (cluster === undefined) return false;
  const { supervisor } = cluster;
  if (isAlive(supervisor)) {
    signalProcess(supervisor, "SIGTERM");
    const alive = await waitForEnd([supervisor], WITHIN_MS);
    if (alive.length === 0) return true;
    throw new UsageError(
      "BAD_OPTION",
      `process ${supervisor.pid} is still stopping the cluster; see the logs in ${directory}/logs, ` +
        "or run this command again to kill all processes",
    );
  }
  await endOrphans(directory, say);
  leaveDirectory(directory);
  return true;
}
