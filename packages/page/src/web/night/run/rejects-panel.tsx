import type { Rejects, RunStatus } from "@nightbeam/api";
import { count } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { RejectReasons } from "../../parts/reject-reasons.js";
import { useAnswer } from "../use-answer.js";

/** The rows without a list: how many by reason, with samples. */
export function RejectsPanel({ run }: { readonly run: RunStatus }) {
  const answer = useAnswer<Rejects>(`/v1/runs/${encodeURIComponent(run.id)}/rejects`, run.rejected);
  return (
    <Panel title="Rejected rows" note={count(run.rejected, "row")}>
      {answer.state === "loading" ? <Empty>Reading the rows…</Empty> : null}
      {answer.state === "failed" ? <p class="problem">{answer.message}</p> : null}
      {answer.state === "ready" && answer.value.total === 0 ? (
        <Empty>Every user has a list so far.</Empty>
      ) : null}
      {answer.state === "ready" ? <Reasons rejects={answer.value} /> : null}
    </Panel>
  );
}

function Reasons({ rejects: { reasons, isComplete } }: { readonly rejects: Rejects }) {
  return (
    <>
      <RejectReasons reasons={reasons} />
      {isComplete ? null : (
        <p class="hint">
          Counted in some of the files. rejected.jsonl has all rows once the run is complete.
        </p>
      )}
    </>
  );
}

/** The shards that were given up, and why. */
export function SetAsidePanel({ run }: { readonly run: RunStatus }) {
  const byReason = new Map<string, number[]>();
  for (const { index, reason } of run.setAside) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), index]);
  }
  return (
    <Panel title="Set aside" note={count(run.setAside.length, "shard")}>
      <ul class="plain">
        {[...byReason].map(([reason, shards]) => (
          <li key={reason}>
            <b>{shards.slice(0, 12).join(", ")}</b>
            {shards.length > 12 ? ` and ${shards.length - 12} more` : ""}: {reason}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
