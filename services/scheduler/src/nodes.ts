import type { Nodes } from "@nightbeam/api";
import type { Control, NodeStatus } from "@nightbeam/control";
import type { LiveVerifiers } from "./runs/live-verifiers.js";

/** The nodes that are announced over NATS. */
export function nodeLists(control: Pick<Control, "connected" | "watchNodes"> | undefined): {
  readonly nodes: () => Nodes;
  readonly verifiers: () => LiveVerifiers;
  /** Undefined without a connection to NATS. */
  readonly drafters: () => { readonly announced: number; readonly draining: number } | undefined;
  close(): void;
} {
  if (control === undefined) {
    const none: Nodes = { connected: false, verifiers: [], drafters: [] };
    const unknown: LiveVerifiers = { connected: false, verifiers: [], areNamed: false };
    return {
      nodes: () => none,
      verifiers: () => unknown,
      drafters: () => undefined,
      close: () => {},
    };
  }
  const verifiers = control.watchNodes("verifier");
  const drafters = control.watchNodes("drafter");
  return {
    nodes: () => ({
      connected: control.connected,
      verifiers: verifiers.nodes.map(publicStatus),
      drafters: drafters.nodes.map(publicStatus),
    }),
    verifiers: () => ({
      connected: control.connected,
      verifiers: verifiers.nodes,
      areNamed: drafters.nodes.some(({ namedVerifiers = 0, draining }) => {
        return namedVerifiers > 0 && !draining;
      }),
    }),
    drafters: () => {
      if (!control.connected) return undefined;
      const { nodes } = drafters;
      return {
        announced: nodes.length,
        draining: nodes.filter(({ draining }) => draining).length,
      };
    },
    close: () => {
      verifiers.close();
      drafters.close();
    },
  };
}

function publicStatus(status: NodeStatus): Nodes["verifiers"][number] {
  const { role: _, scoring: _s, precision: _p, cost: _c, programs: _r, ...shown } = status;
  const { namedVerifiers: _n, ...rest } = shown;
  return rest;
}
