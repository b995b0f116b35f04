import { relative } from "node:path";
import { listing } from "@nightbeam/service/terminal";
import type { ClusterProcess } from "./cluster-file.js";
import { isAlive } from "./process-identity.js";

/** The processes of a cluster, one per line, with the paths of their logs relative to the working directory. */
export function processTable(processes: readonly ClusterProcess[]): string {
  const rows = processes.map((one) => [
    one.name,
    stateOf(one),
    one.address ?? "-",
    one.identity === undefined ? "-" : String(one.identity.pid),
    shorter(one.log),
  ]);
  return listing([["name", "state", "address", "pid", "log"], ...rows]);
}

/** The file may be older than the end of the process. */
function stateOf({ identity, state }: ClusterProcess): string {
  return identity !== undefined && !isAlive(identity) ? "gone" : state;
}

function shorter(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}
