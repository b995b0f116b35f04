import type { RunStatus } from "@nightbeam/api";
import { useState } from "preact/hooks";
import { count } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { PruneButton } from "../actions/prune.js";
import { useLive, usePage } from "../state.js";
import { RunTable } from "./run-table.js";

const FILTERS = ["all", "in progress", "complete", "not complete"] as const;
type Filter = (typeof FILTERS)[number];

/** All runs, the latest first. */
export function RunsView() {
  const live = useLive();
  const { may } = usePage();
  const [filter, setFilter] = useState<Filter>("all");
  const runs = live.runs.value;
  const shown = (runs ?? []).filter((run) => fits(run, filter));
  return (
    <>
      <h1>Runs</h1>
      <Panel
        title={filter === "all" ? "All runs" : `Runs: ${filter}`}
        note={count(shown.length, "run")}
        end={
          <>
            <label class="inline">
              Show{" "}
              <select
                value={filter}
                onChange={({ currentTarget: { value } }) =>
                  setFilter(FILTERS.find((one) => one === value) ?? "all")
                }
              >
                {FILTERS.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </select>
            </label>
            {may("admin") ? <PruneButton /> : null}
          </>
        }
      >
        {runs === undefined ? (
          <Empty>Reading the runs…</Empty>
        ) : shown.length === 0 ? (
          <Empty>There are no such runs.</Empty>
        ) : (
          <RunTable runs={shown} caption="Runs, the latest first" />
        )}
      </Panel>
    </>
  );
}

function fits({ state }: RunStatus, filter: Filter): boolean {
  const isOpen = state === "planning" || state === "running" || state === "paused";
  if (filter === "in progress") return isOpen;
  if (filter === "complete") return state === "complete";
  return filter === "all" || !(isOpen || state === "complete");
}
