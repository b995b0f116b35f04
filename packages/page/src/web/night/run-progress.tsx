import type { RunStatus } from "@nightbeam/api";
import { Bar } from "../parts/bar.js";
import { duration, percent, short, timeOf, whole } from "../parts/format.js";
import type { Live } from "./live.js";
import { secondsLeft, usersDone } from "./rates.js";

/** The bar of a run: users with a list, in progress and set aside. */
export function RunBar({ run }: { readonly run: RunStatus }) {
  const { users, setAside } = run;
  const aside = setAside.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const total = users.total ?? 0;
  const parts = [
    { tone: run.state === "complete" ? "complete" : "committed", value: users.done },
    { tone: "active", value: users.underWay },
    { tone: "set-aside", value: aside },
  ];
  return <Bar label={`Progress of run ${run.id}`} parts={parts} total={total} />;
}

/** `61%`, or how many rows were read while it is planned. */
export function doneText(run: RunStatus): string {
  const { total, read } = run.users;
  if (total !== undefined) return percent(total === 0 ? 1 : usersDone(run) / total);
  if (run.state !== "planning") return "–";
  return read === undefined || read === 0 ? "being planned" : `${short(read)} read`;
}

/** Users per second: of the last minute while it runs, then of the whole run. */
export function rateOfRun(run: RunStatus, live: Live): number | undefined {
  return run.state === "running" ? live.rate(run.id) : run.stats.usersPerSecond;
}

export function rateText(run: RunStatus, live: Live): string {
  const rate = rateOfRun(run, live);
  return rate === undefined ? "–" : whole(rate * 10 < 100 ? Math.round(rate * 10) / 10 : rate);
}

/** How long it takes still, or took. */
export function timeText(run: RunStatus, live: Live): string {
  const now = live.now.value;
  if (run.endedAt !== undefined) return `took ${duration(secondsOf(run, now))}`;
  if (run.state !== "running") return duration(secondsOf(run, now));
  const left = secondsLeft(run, { rate: live.rate(run.id), now });
  return left === undefined ? "–" : `${duration(left)} left`;
}

/** Seconds from the submission to the end, or until now. */
export function secondsOf({ submittedAt, endedAt }: RunStatus, now: number): number {
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  return Math.max(0, (end - Date.parse(submittedAt)) / 1_000);
}

/** When it is due, and whether it will be late. */
export function Due({ run, now }: { readonly run: RunStatus; readonly now: number }) {
  const { dueAt, expectedAt, endedAt } = run;
  if (dueAt === undefined) return <span class="dim">–</span>;
  const end = endedAt ?? (run.state === "complete" ? undefined : expectedAt);
  const isLate =
    (end !== undefined && end > dueAt) || (endedAt === undefined && Date.parse(dueAt) < now);
  return (
    <span class={isLate ? "late" : ""}>
      {timeOf(dueAt, now)}
      {isLate ? " late" : ""}
    </span>
  );
}

/** Target calls per user, including shards in progress. */
export function callsText({ calls }: RunStatus): string {
  return calls.searches === 0 ? "–" : (calls.calls / calls.searches).toFixed(2);
}
