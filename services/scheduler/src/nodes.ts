import type { Nodes } from "@nightbeam/api";
import type { Control, NodeStatus } from "@nightbeam/control";
import { SchedulerError } from "./errors.js";
import type { LiveVerifiers } from "./runs/live-verifiers.js";

/** The nodes that are announced over NATS. */
export function nodeLists(
  control: Pick<Control, "connected" | "watchNodes" | "drain"> | undefined,
): {
  readonly nodes: () => Nodes;
  /** @throws ControlError NO_SUCH_NODE, DRAIN_REFUSED, NOT_CONNECTED */
  readonly drain: (id: string) => Promise<void>;
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
      drain: async () => {
        throw new SchedulerError("NO_NATS", NO_NATS);
      },
      close: () => {},
    };
  }
  const verifiers = control.watchNodes("verifier");
  const drafters = control.watchNodes("drafter");
  return {
    nodes: () => ({
      connected: control.connected,
      verifiers: verifiers.nodes.map((node) => publicStatus(node, verifiers)),
      drafters: drafters.nodes.map((node) => publicStatus(node, drafters)),
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
    drain: (id) => control.drain(id),
    close: () => {
      verifiers.close();
      drafters.close();
    },
  };
}

const NO_NATS =
  "Nodes are asked to drain over NATS, and the scheduler was started without --nats. Send SIGTERM to the node's process.";

/** Heartbeats come once per second. A node counts as gone only later, so that no work moves for a short pause. */
const SILENT_MS = 2_000;

function publicStatus(
  status: NodeStatus,
  { silence }: { readonly silence: (id: string) => number },
): Nodes["verifiers"][number] {
  const { role: _, namedVerifiers: _n, ...shown } = status;
  return { ...shown, ...(silence(status.id) > SILENT_MS ? { silent: true } : {}) };
}
