import type { NodeStatus } from "./status.js";

/**
 * A node that can be called; what is not known about it is undefined. The same shape as VerifierEndpoint of
 * @nightbeam/protocol, on which this package does not depend.
 */
export interface NodeEndpoint {
  readonly id: string;
  /** host:port */
  readonly address: string;
  readonly target?: string;
  readonly catalogue?: string;
  readonly scoring?: "full" | "renormalized";
  readonly waitingTokens?: number;
  readonly cost?: EndpointCost;
  readonly programs?: readonly {
    readonly program: "tree-scores" | "beam-search" | "verify-tree";
    readonly cost?: EndpointCost;
    readonly keepsPrompts?: boolean;
  }[];
  readonly draining: boolean;
}

interface EndpointCost {
  readonly callMs: number;
  readonly tokenMs: number;
}

/** A list of endpoints. It is the same array until it changes. */
export interface Directory {
  readonly endpoints: readonly NodeEndpoint[];
  /** Calls the listener after every change. @returns what removes it */
  onChange(listener: () => void): () => void;
}

/** The endpoints of the nodes that have an address. */
export function endpointsOf(nodes: readonly NodeStatus[]): readonly NodeEndpoint[] {
  return nodes.flatMap(
    ({ address, role, precision, runningTokens, namedVerifiers, version, ...rest }) =>
      address === undefined ? [] : [{ ...rest, address }],
  );
}
