import type { RunStatus } from "@nightbeam/scheduler/api";
import { clock, table, whole } from "@nightbeam/service/terminal";
import { secondsOf } from "./describe.js";

/** Runs, one per line. */
export function runTable(runs: readonly RunStatus[], now: number = Date.now()): string {
  const rows = runs.map((run) => [
    run.id,
    run.state,
    run.users.total === undefined ? "-" : whole(run.users.total),
    run.shards === undefined ? "-" : `${whole(run.shards.done)}/${whole(run.shards.total)}`,
    run.rejected === 0 ? "-" : whole(run.rejected),
    localTime(run.submittedAt),
    clock(secondsOf(run, now)),
    run.night ?? "-",
  ]);
  const head = ["run", "state", "users", "shards done", "without list", "started", "took", "night"];
  return table([head, ...rows]);
}

/** A time in the local time zone, as 2026-11-21 02:00. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
