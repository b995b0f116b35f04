import type { ShardDetail } from "@nightbeam/api";
import { type Fact, Facts } from "../../parts/facts.js";
import { bytes, clockOf, count, digits, duration, whole } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { StateChip } from "../../parts/state-chip.js";
import { linkTo } from "../route.js";
import { useAnswer } from "../use-answer.js";

export interface ShardPanelProps {
  readonly runId: string;
  readonly index: number;
  /** Changes with the state of the shard. */
  readonly version: string;
}

/** Everything that is known about a shard. */
export function ShardPanel({ runId, index, version }: ShardPanelProps) {
  const answer = useAnswer<ShardDetail>(
    `/v1/runs/${encodeURIComponent(runId)}/shards/${index}`,
    version,
  );
  return (
    <Panel
      title={`Shard ${index}`}
      class="shard"
      end={<a href={linkTo({ view: "run", runId })}>Close</a>}
    >
      {answer.state === "loading" ? <Empty>Reading the shard…</Empty> : null}
      {answer.state === "failed" ? <p class="problem">{answer.message}</p> : null}
      {answer.state === "ready" ? <Detail shard={answer.value} /> : null}
    </Panel>
  );
}

function Detail({ shard }: { readonly shard: ShardDetail }) {
  const { state, reason, failures, logs, commit } = shard;
  return (
    <>
      <p class="line">
        <StateChip state={state.replace("-", " ")} tone={state} />
      </p>
      {reason === undefined ? null : <p class="problem">{reason}</p>}
      <Facts facts={factsOf(shard)} />
      {failures.length === 0 ? null : (
        <>
          <h3>Failed on</h3>
          <ul class="plain">
            {failures.map(({ node, blame, times, reason: why, at }) => (
              <li key={node}>
                <b>{node}</b> {count(times, "time")}, last at {clockOf(at)}: {why}
                <span class="dim"> ({BLAME[blame] ?? blame})</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {commit === undefined ? null : (
        <>
          <h3>Verifiers</h3>
          {commit.verifiers.length === 0 ? <Empty>It is not known who answered.</Empty> : null}
          <ul class="plain">
            {commit.verifiers.map(({ name, calls, audited, firstAt, lastAt }) => (
              <li key={name}>
                <b>{name}</b> {count(calls, "call")}
                {audited === 0 ? "" : `, ${whole(audited)} audited`}, {clockOf(firstAt)} to{" "}
                {clockOf(lastAt)}
              </li>
            ))}
          </ul>
        </>
      )}
      {logs.length === 0 ? null : (
        <>
          <h3>Log</h3>
          <pre class="log">{logs.join("\n")}</pre>
        </>
      )}
    </>
  );
}

const BLAME: Readonly<Record<string, string>> = {
  shard: "the shard is at fault",
  node: "the node is at fault",
  version: "the node has another version",
};

function factsOf(shard: ShardDetail): readonly Fact[] {
  const { firstRow, rows, attempts, node, startedAt, endedAt, users, commit } = shard;
  const facts: Fact[] = [
    { name: "rows", value: `${whole(firstRow)} to ${whole(firstRow + rows - 1)}` },
  ];
  if (node !== undefined) facts.push({ name: "drafter", value: node });
  if (attempts !== undefined) facts.push({ name: "attempts", value: whole(attempts) });
  if (users !== undefined)
    facts.push({ name: "users done", value: `${whole(users)} of ${whole(rows)}` });
  if (startedAt !== undefined) facts.push({ name: "taken", value: clockOf(startedAt) });
  if (endedAt !== undefined) facts.push({ name: "ended", value: clockOf(endedAt) });
  if (commit === undefined) return facts;
  const { stats, rejected, draftWidths = [] } = commit;
  const { searches = 0, targetCalls, nodes, busySeconds } = stats;
  facts.push({ name: "lists", value: whole(commit.rows) });
  if (rejected > 0) facts.push({ name: "rejected", value: whole(rejected) });
  if (searches > 0 && targetCalls !== undefined) {
    facts.push({ name: "calls per user", value: digits(targetCalls / searches) });
  }
  if (searches > 0 && nodes !== undefined) {
    facts.push({ name: "nodes per user", value: digits(nodes / searches) });
  }
  if (busySeconds !== undefined) {
    facts.push({ name: "took", value: duration(busySeconds) });
    facts.push({ name: "users/s", value: digits(rows / busySeconds) });
  }
  if (draftWidths.length > 0) facts.push({ name: "draft widths", value: draftWidths.join(", ") });
  facts.push(
    { name: "file", value: <code>{commit.file}</code> },
    { name: "size", value: bytes(commit.bytes) },
  );
  return facts;
}
