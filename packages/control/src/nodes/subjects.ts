import type { NodeRole } from "./status.js";

/** The subject of a node's heartbeats. The id `*` stands for all nodes of the role. */
export function nodeSubject(role: NodeRole, id: string): string {
  return `nightbeam.nodes.${role}.${id}`;
}

/** The subject on which a node is asked to take no more work. */
export function drainSubject(id: string): string {
  return `nightbeam.control.drain.${id}`;
}

/** The name of nodes in `$SRV.PING` and `$SRV.INFO`. */
export function serviceName(role: NodeRole): string {
  return `nightbeam-${role}`;
}
