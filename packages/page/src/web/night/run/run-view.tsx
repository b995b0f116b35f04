import type { RunStatus } from "@nightbeam/api";
import { useLayoutEffect } from "preact/hooks";
import { type Fact, Facts } from "../../parts/facts.js";
import { count, digits, duration, timeOf, whole } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { StateChip } from "../../parts/state-chip.js";
import { secondsLeft, usersDone } from "../rates.js";
import { linkTo } from "../route.js";
import { Due, doneText, RunBar, rateOfRun, secondsOf } from "../run-progress.js";
import { useLive } from "../state.js";
import { AlarmList } from "../views/alarms.js";
import { RejectsPanel, SetAsidePanel } from "./rejects-panel.js";
import { RunActions } from "./run-actions.js";
import { RunCharts } from "./run-charts.js";
import { DriftPanel, RunFigures } from "./run-figures.js";
import { ShardMap } from "./shard-map.js";
import { ShardPanel } from "./shard-panel.js";
import { UserLookup } from "./user-lookup.js";

export interface RunViewProps {
  readonly runId: string;
  /** The shard whose details are shown. */
  readonly shard: number | undefined;
}

/** One run. */
export function RunView({ runId, shard }: RunViewProps) {
  const live = useLive();
  useLayoutEffect(() => {
    live.show(runId);
    return () => live.show(undefined);
  }, [live, runId]);
  const runs = live.runs.value;
  const run = runs?.find(({ id }) => id === runId);
  if (run === undefined) {
    return (
      <Empty>
        {runs === undefined ? "Reading the run…" : `There is no run ${runId} among the latest.`}
      </Empty>
    );
  }
  const alarms = (live.alarms.value ?? []).filter((alarm) => alarm.runId === runId);
  const map = live.shards.value;
  const counts = run.shards;
  return (
    <>
      <RunHeader run={run} />
      {alarms.length === 0 ? null : (
        <Panel title="Alarms">
          <AlarmList alarms={alarms} />
        </Panel>
      )}
      <div class="columns">
        <div class="main-column">
          <Panel
            title="Shards"
            note={counts === undefined ? undefined : count(counts.total, "shard")}
          >
            <ShardMap run={run} map={map} selected={shard} />
          </Panel>
          {shard === undefined ? null : (
            <ShardPanel
              runId={runId}
              index={shard}
              version={versionOf(
                run,
                map?.active.some(({ index }) => index === shard) ? live.now.value : 0,
              )}
            />
          )}
          <RunCharts
            run={run}
            tick={run.state === "running" ? Math.floor(live.now.value / 4_000) : 0}
          />
          {run.setAside.length === 0 ? null : <SetAsidePanel run={run} />}
          {run.rejected === 0 ? null : <RejectsPanel run={run} />}
        </div>
        <aside aria-label="Figures of the run">
          <RunFacts run={run} />
          <UserLookup runId={runId} />
          <RunFigures run={run} />
          {run.drift === undefined ? null : <DriftPanel drift={run.drift} />}
        </aside>
      </div>
    </>
  );
}

/** Changes when a shard may have. */
function versionOf({ shards, state }: RunStatus, now: number): string {
  return `${state} ${shards?.done} ${shards?.active} ${shards?.setAside} ${Math.floor(now / 2_000)}`;
}

function RunHeader({ run }: { readonly run: RunStatus }) {
  const live = useLive();
  const now = live.now.value;
  const rate = rateOfRun(run, live);
  const left = secondsLeft(run, { rate: live.rate(run.id), now });
  const { users, state, reason } = run;
  return (
    <section class="run-header" aria-labelledby="run-title">
      <div class="title">
        <h1 id="run-title">{run.id}</h1>
        <StateChip state={state} />
        {run.night === undefined ? null : (
          <a href={linkTo({ view: "nights" })}>night {run.night}</a>
        )}
        <RunActions run={run} />
      </div>
      {reason === undefined ? null : (
        <p class={state === "running" ? "waits" : "problem"}>{reason}</p>
      )}
      <div class="big-progress">
        <RunBar run={run} />
        <p>
          <b>{doneText(run)}</b>
          <span>
            {users.total === undefined
              ? ""
              : `${whole(usersDone(run))} of ${whole(users.total)} users`}
          </span>
          <span>{rate === undefined ? "" : `${digits(rate)} users/s`}</span>
          <span>{left === undefined ? "" : `${duration(left)} left`}</span>
          {run.dueAt === undefined ? null : (
            <span>
              due <Due run={run} now={now} />
            </span>
          )}
        </p>
      </div>
    </section>
  );
}

function RunFacts({ run }: { readonly run: RunStatus }) {
  const { now } = useLive();
  const { submittedAt, endedAt, expectedAt, retryUntil, out, priority, rejected } = run;
  const facts: Fact[] = [
    { name: "submitted", value: timeOf(submittedAt, now.value) },
    { name: endedAt === undefined ? "for" : "took", value: duration(secondsOf(run, now.value)) },
  ];
  if (endedAt !== undefined) facts.push({ name: "ended", value: timeOf(endedAt, now.value) });
  if (expectedAt !== undefined && run.state === "running") {
    facts.push({ name: "ends about", value: timeOf(expectedAt, now.value) });
  }
  if (retryUntil !== undefined)
    facts.push({ name: "tried again until", value: timeOf(retryUntil, now.value) });
  facts.push(
    { name: "priority", value: priority },
    { name: "rejected rows", value: whole(rejected) },
    { name: "lists", value: <code class="path">{out}</code> },
  );
  return (
    <Panel title="Run">
      <Facts facts={facts} />
    </Panel>
  );
}
