import { relative } from "node:path";
import { listing } from "@nightbeam/service/terminal";
import type { ClusterProcess } from "./cluster-file.js";
import { isAlive } from "./process-identity.js";

/** The processes of a cluster, a line each; logs as one types them from here. */
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

/** What was written down may be older than a process's end. */
function stateOf({ identity, state }: ClusterProcess): string {
  return identity !== undefined && !isAlive(identity) ? "gone" : state;
}

function shorter(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}
