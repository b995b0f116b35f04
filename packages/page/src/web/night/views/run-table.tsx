import type { RunStatus } from "@nightbeam/api";
import { short, timeOf, whole } from "../../parts/format.js";
import { StateChip } from "../../parts/state-chip.js";
import { Table } from "../../parts/table.js";
import { linkTo } from "../route.js";
import { callsText, Due, doneText, RunBar, rateText, timeText } from "../run-progress.js";
import { useLive } from "../state.js";

/** Runs, one per line. */
export function RunTable({
  runs,
  caption,
}: {
  readonly runs: readonly RunStatus[];
  readonly caption: string;
}) {
  const live = useLive();
  const now = live.now.value;
  return (
    <Table
      caption={caption}
      rows={runs}
      keyOf={({ id }) => id}
      columns={[
        { name: "run", width: 20, cell: (run) => <RunName run={run} now={now} /> },
        { name: "state", width: 10, cell: ({ state }) => <StateChip state={state} /> },
        {
          name: "progress",
          isWide: true,
          width: 24,
          cell: (run) => (
            <div class="progress">
              <RunBar run={run} />
              <span>{doneText(run)}</span>
            </div>
          ),
        },
        {
          name: "users",
          isNumber: true,
          cell: ({ users }) => (users.total === undefined ? "–" : short(users.total)),
        },
        { name: "users/s", isNumber: true, cell: (run) => rateText(run, live) },
        { name: "calls/user", isNumber: true, cell: callsText },
        {
          name: "rejected",
          isNumber: true,
          cell: ({ rejected }) => (rejected === 0 ? "–" : whole(rejected)),
        },
        { name: "time", isNumber: true, width: 12, cell: (run) => timeText(run, live) },
        { name: "due", isNumber: true, cell: (run) => <Due run={run} now={now} /> },
      ]}
    />
  );
}

function RunName({ run, now }: { readonly run: RunStatus; readonly now: number }) {
  const isKnown = Date.parse(run.submittedAt) > 0;
  return (
    <span class="run-name">
      <a href={linkTo({ view: "run", runId: run.id })}>{run.id}</a>
      <span class="dim">
        {isKnown ? timeOf(run.submittedAt, now) : ""}
        {run.night === undefined ? "" : ` · night ${run.night}`}
        {run.priority === "normal" ? "" : ` · ${run.priority}`}
      </span>
    </span>
  );
}
