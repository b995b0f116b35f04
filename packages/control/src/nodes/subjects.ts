import type { NodeRole } from "./status.js";

/** Where a node's heartbeats and its last word go; `*` as the id stands for all nodes of the role. */
export function nodeSubject(role: NodeRole, id: string): string {
  return `nightbeam.nodes.${role}.${id}`;
}

/** Where a node hears that it shall take no more work. */
export function drainSubject(id: string): string {
  return `nightbeam.control.drain.${id}`;
}

/** The name under which `$SRV.PING` and `$SRV.INFO` list nodes. */
export function serviceName(role: NodeRole): string {
  return `nightbeam-${role}`;
}
