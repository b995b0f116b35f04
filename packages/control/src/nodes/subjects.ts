import type { NodeRole } from "./status.js";

/** The names that a cluster has in NATS, which other clusters may share. */
export interface Subjects {
  /** The subject of a node's heartbeats. The id `*` stands for all nodes of the role. */
  node(role: NodeRole, id: string): string;
  /** The subject on which a node is asked to take no more work. */
  drain(id: string): string;
  /** The name of nodes in `$SRV.PING` and `$SRV.INFO`. */
  service(role: NodeRole): string;
  /** The bucket of the models that new runs start with. */
  readonly rollouts: string;
}

/** @param namespace letters, digits, - and _ */
export function subjectsOf(namespace: string): Subjects {
  return {
    node: (role, id) => `${namespace}.nodes.${role}.${id}`,
    drain: (id) => `${namespace}.control.drain.${id}`,
    service: (role) => `${namespace}-${role}`,
    rollouts: `${namespace}-rollouts`,
  };
}
