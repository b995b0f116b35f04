import type { NightStatus, RunStatus } from "@nightbeam/api";
import { count, dayOf, duration, percent, timeOf, whole } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import { StateChip } from "../../parts/state-chip.js";
import { Table } from "../../parts/table.js";
import { ActionButton } from "../actions/action-button.js";
import { linkTo } from "../route.js";
import { callsText, secondsOf } from "../run-progress.js";
import { useLive, usePage } from "../state.js";

/** Nights: when they start next, and how they went. */
export function NightsView() {
  const live = useLive();
  const { may } = usePage();
  const list = live.nights.value;
  const runs = live.runs.value ?? [];
  return (
    <>
      <h1>Nights</h1>
      {list === undefined ? <Empty>Reading the nights…</Empty> : null}
      {list !== undefined && list.nights.length + list.unreadable.length === 0 ? (
        <Empty>
          There are no nights. <code>nightbeam nights put</code> starts a run every day.
        </Empty>
      ) : null}
      {list?.unreadable.map(({ name, reason }) => (
        <p key={name} class="problem">
          Night {name} cannot be read: {reason}
        </p>
      ))}
      {list?.nights.map((night) => (
        <Panel
          key={night.name}
          title={night.name}
          note={`${night.cron}, ${night.timeZone}`}
          end={may("admin") ? <RemoveNight name={night.name} /> : undefined}
        >
          <p class="line">
            next start <NextStart night={night} now={live.now.value} />
            {night.due === undefined ? "" : ` · due at ${night.due}`}
            {night.missed === "skip" ? " · skipped if it cannot start in time" : ""}
          </p>
          <History runs={runs.filter((run) => run.night === night.name)} now={live.now.value} />
        </Panel>
      ))}
    </>
  );
}

function RemoveNight({ name }: { readonly name: string }) {
  return (
    <ActionButton
      name="Remove"
      isDangerous
      title={`Remove night ${name}`}
      says="It does not start any more. Its runs and their lists stay."
      request={() => ({ method: "DELETE", path: `/v1/nights/${encodeURIComponent(name)}` })}
      done={`Night ${name} is removed.`}
    />
  );
}

/** Nights, one per line. */
export function NightTable({ nights }: { readonly nights: readonly NightStatus[] }) {
  const { now } = useLive();
  return (
    <Table
      caption="Nights"
      rows={nights}
      keyOf={({ name }) => name}
      columns={[
        { name: "night", cell: ({ name }) => <a href={linkTo({ view: "nights" })}>{name}</a> },
        { name: "starts", cell: ({ cron, timeZone }) => `${cron}, ${timeZone}` },
        { name: "next", cell: (night) => <NextStart night={night} now={now.value} /> },
        { name: "due", cell: ({ due }) => due ?? "–" },
        {
          name: "last",
          cell: ({ lastRun, lastDate }) =>
            lastRun === undefined ? (
              <span class="dim">{lastDate === undefined ? "never" : `${lastDate} skipped`}</span>
            ) : (
              <span class="pair">
                <a href={linkTo({ view: "run", runId: lastRun.id })}>{lastDate}</a>
                <StateChip state={lastRun.state} />
              </span>
            ),
        },
      ]}
    />
  );
}

function NextStart({
  night: { nextAt },
  now,
}: {
  readonly night: NightStatus;
  readonly now: number;
}) {
  if (nextAt === undefined) return <span class="dim">no more dates</span>;
  return (
    <span>
      {timeOf(nextAt, now)}{" "}
      <span class="dim">in {duration((Date.parse(nextAt) - now) / 1_000)}</span>
    </span>
  );
}

function History({ runs, now }: { readonly runs: readonly RunStatus[]; readonly now: number }) {
  if (runs.length === 0) return <Empty>It has not started yet.</Empty>;
  return (
    <Table
      caption="Runs of this night, the latest first"
      rows={runs}
      keyOf={({ id }) => id}
      columns={[
        {
          name: "date",
          cell: ({ id, submittedAt }) => (
            <a href={linkTo({ view: "run", runId: id })}>{dayOf(submittedAt)}</a>
          ),
        },
        { name: "state", cell: ({ state }) => <StateChip state={state} /> },
        {
          name: "users",
          isNumber: true,
          cell: ({ users }) => (users.total === undefined ? "–" : whole(users.total)),
        },
        { name: "rejected", isNumber: true, cell: ({ rejected }) => whole(rejected) },
        { name: "took", isNumber: true, cell: (run) => duration(secondsOf(run, now)) },
        { name: "calls/user", isNumber: true, cell: callsText },
        {
          name: "users, against the night before",
          isNumber: true,
          cell: (run) => changeOf(run.drift?.users),
        },
        {
          name: "lists kept",
          isNumber: true,
          cell: ({ drift }) => (drift?.overlap === undefined ? "–" : percent(drift.overlap)),
        },
      ]}
    />
  );
}

function changeOf(change: { readonly before: number; readonly now: number } | undefined): string {
  if (change === undefined) return "–";
  const difference = change.now - change.before;
  return difference === 0
    ? "the same"
    : `${difference > 0 ? "+" : "−"}${count(Math.abs(difference), "user")}`;
}
