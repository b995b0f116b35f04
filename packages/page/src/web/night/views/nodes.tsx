import type { Nodes } from "@nightbeam/api";
import { count, digits, whole } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { StateChip } from "../../parts/state-chip.js";
import { type Column, Table } from "../../parts/table.js";
import { ActionButton } from "../actions/action-button.js";
import { useLive, usePage } from "../state.js";

type Node = Nodes["verifiers"][number];

/** The nodes that are announced, with their load. */
export function NodesView() {
  const live = useLive();
  const nodes = live.nodes.value;
  if (nodes === undefined) return <Empty>Reading the nodes…</Empty>;
  const versions = new Set([...nodes.verifiers, ...nodes.drafters].map(({ version }) => version));
  return (
    <>
      <h1>Nodes</h1>
      {nodes.connected ? null : (
        <p class="problem">
          The scheduler has no connection to NATS, over which nodes are found: the lists may be old.
        </p>
      )}
      {versions.size > 1 ? (
        <p class="problem">
          Nodes have different versions: {[...versions].toSorted().join(", ")}. Upgrade the older
          ones.
        </p>
      ) : null}
      <NodePanel title="Drafters" nodes={nodes.drafters} columns={DRAFTERS} />
      <NodePanel title="Verifiers" nodes={nodes.verifiers} columns={VERIFIERS} />
    </>
  );
}

const NAME: Column<Node> = {
  name: "node",
  cell: ({ id, address }) => (
    <span class="run-name">
      <b>{id}</b>
      <span class="dim">{address}</span>
    </span>
  ),
};
const STATE: Column<Node> = { name: "state", cell: (node) => <StateChip {...stateOf(node)} /> };
const VERSION: Column<Node> = { name: "version", cell: ({ version }) => version };
const DRAIN: Column<Node> = { name: "action", cell: (node) => <Drain node={node} /> };

const DRAFTERS: readonly Column<Node>[] = [
  NAME,
  STATE,
  {
    name: "load",
    // Drafters announce users where verifiers announce tokens.
    cell: ({ runningTokens }) => `${count(runningTokens, "user")} in progress`,
  },
  VERSION,
  DRAIN,
];

const VERIFIERS: readonly Column<Node>[] = [
  NAME,
  STATE,
  {
    name: "load",
    cell: ({ runningTokens, waitingTokens }) => (
      <span title="Tokens that are computed now, and that wait">
        {whole(runningTokens)} <span class="dim">running</span>, {whole(waitingTokens)}{" "}
        <span class="dim">waiting</span>
      </span>
    ),
  },
  { name: "cost of a call", cell: ({ cost }) => costText(cost) },
  {
    name: "programs",
    cell: ({ programs }) =>
      (programs ?? []).map(({ program }) => program).join(", ") || "tree-scores",
  },
  {
    name: "target",
    cell: ({ target, precision, scoring }) => (
      <span class="run-name">
        <code title={target}>{target?.slice(0, 12) ?? "–"}</code>
        <span class="dim">
          {[precision, scoring].filter((one) => one !== undefined).join(", ")}
        </span>
      </span>
    ),
  },
  {
    name: "catalogue",
    cell: ({ catalogue }) => <code title={catalogue}>{catalogue?.slice(0, 12) ?? "–"}</code>,
  },
  VERSION,
  DRAIN,
];

function NodePanel({
  title,
  nodes,
  columns,
}: {
  readonly title: string;
  readonly nodes: readonly Node[];
  readonly columns: readonly Column<Node>[];
}) {
  return (
    <Panel title={title} note={count(nodes.length, "node")}>
      {nodes.length === 0 ? (
        <Empty>None is announced.</Empty>
      ) : (
        <Table caption={title} rows={nodes} keyOf={({ id }) => id} columns={columns} />
      )}
    </Panel>
  );
}

function stateOf({ silent, draining }: Node) {
  if (silent === true) return { state: "not responding", tone: "set-aside" };
  return draining ? { state: "draining", tone: "paused" } : { state: "up", tone: "complete" };
}

/** A call costs a constant time, and more per token. */
function costText(cost: Node["cost"]) {
  if (cost === undefined) return "–";
  return (
    <span title="Measured when it started: a constant part, and a part per token">
      {digits(cost.callMs)} ms + {digits(cost.tokenMs)} ms/token
    </span>
  );
}

function Drain({ node }: { readonly node: Node }) {
  const { may } = usePage();
  if (!may("admin") || node.draining) return null;
  return (
    <ActionButton
      name="Drain"
      title={`Drain ${node.id}`}
      says="It finishes its work, takes no more and exits. If a supervisor such as Kubernetes or nightbeam cluster up runs it, a new one is started."
      request={() => ({ method: "POST", path: `/v1/nodes/${encodeURIComponent(node.id)}/drain` })}
      done={`${node.id} was asked to finish its work and exit.`}
    />
  );
}
