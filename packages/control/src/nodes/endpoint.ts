import type { NodeStatus } from "./status.js";

/** A node that can be called; what is not known of it is left out. */
export interface NodeEndpoint {
  readonly id: string;
  /** host:port */
  readonly address: string;
  readonly target?: string;
  readonly catalogue?: string;
  readonly scoring?: "full" | "renormalized";
  readonly waitingTokens?: number;
  readonly cost?: { readonly callMs: number; readonly tokenMs: number };
  readonly draining: boolean;
}

/** A list of endpoints that changes. The array is the same until it does. */
export interface Directory {
  readonly endpoints: readonly NodeEndpoint[];
  /** Calls the listener after every change. @returns what takes it away again */
  onChange(listener: () => void): () => void;
}

/** The endpoints of those nodes that have an address. */
export function endpointsOf(nodes: readonly NodeStatus[]): readonly NodeEndpoint[] {
  return nodes.flatMap(
    ({ address, role, precision, runningTokens, namedVerifiers, version, ...rest }) =>
      address === undefined ? [] : [{ ...rest, address }],
  );
}
