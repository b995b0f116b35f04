import type { RunSeries, RunStatus } from "@nightbeam/api";
import { Chart } from "../../parts/chart.js";
import { clockOf, count, digits } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { useAnswer } from "../use-answer.js";

/** Drafters that get a line of their own; the others are added up. */
const MAX_LINES = 5;

/** How the run went over time. */
export function RunCharts({ run, tick }: { readonly run: RunStatus; readonly tick: number }) {
  const version = `${run.state} ${run.users.done} ${tick}`;
  const answer = useAnswer<RunSeries>(`/v1/runs/${encodeURIComponent(run.id)}/series`, version);
  return (
    <Panel
      title="Over time"
      class="charts"
      note={answer.state === "ready" ? noteOf(answer.value) : undefined}
    >
      {answer.state === "loading" ? <Empty>Reading the figures…</Empty> : null}
      {answer.state === "failed" ? <p class="problem">{answer.message}</p> : null}
      {answer.state !== "ready" ? null : answer.value.nodes.length === 0 ? (
        <Empty>Nothing is done yet.</Empty>
      ) : (
        <Charts series={answer.value} />
      )}
    </Panel>
  );
}

function noteOf({ untimed, stepSeconds }: RunSeries): string {
  const step = `steps of ${digits(stepSeconds)} s`;
  return untimed === 0
    ? step
    : `${step}; ${count(untimed, "shard")} of an earlier version are left out`;
}

function Charts({ series }: { readonly series: RunSeries }) {
  const { from, stepSeconds, usersPerSecond, callsPerUser, nodesPerUser, draftWidths } = series;
  const start = Date.parse(from);
  const places = usersPerSecond.map((_, step) => start + (step + 0.5) * stepSeconds * 1_000);
  const shared = { places, placeText: clockOf };
  return (
    <>
      <div class="chart-grid">
        <Chart
          {...shared}
          title="Users"
          unit="per second"
          lines={[{ name: "users", values: usersPerSecond }]}
        />
        <Chart {...shared} title="Users by drafter" unit="per second" lines={byDrafter(series)} />
        <Chart
          {...shared}
          title="Target calls"
          unit="per user"
          lines={[{ name: "calls", values: callsPerUser }]}
        />
        <Chart
          {...shared}
          title="Nodes"
          unit="per user"
          lines={[{ name: "nodes", values: nodesPerUser }]}
        />
      </div>
      {draftWidths.length === 0 ? null : (
        <p class="widths">
          Draft widths per level:{" "}
          {draftWidths.map(({ widths, shards }) => (
            <span key={widths.join()}>
              <b>{widths.length === 0 ? "no draft" : widths.join(", ")}</b> in{" "}
              {count(shards, "shard")}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function byDrafter({ nodes }: RunSeries) {
  const lines = nodes.map(({ node, usersPerSecond }) => ({ name: node, values: usersPerSecond }));
  if (lines.length <= MAX_LINES + 1) return lines;
  const sumOf = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0);
  const sorted = lines.toSorted((a, b) => sumOf(b.values) - sumOf(a.values));
  const rest = sorted.slice(MAX_LINES);
  const values = (sorted[0]?.values ?? []).map((_, step) => {
    return rest.reduce((sum, line) => sum + (line.values[step] ?? 0), 0);
  });
  return [...sorted.slice(0, MAX_LINES), { name: `${rest.length} others`, values }];
}
