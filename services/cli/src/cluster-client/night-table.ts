import type { NightStatus } from "@nightbeam/scheduler/api";
import { table } from "@nightbeam/service/terminal";
import { localTime } from "./run-table.js";

/** Timetables, a line each, with what became of the last night. */
export function nightTable(nights: readonly NightStatus[]): string {
  const rows = nights.map(({ name, cron, timeZone, missed, nextAt, lastDate, lastRun }) => [
    name,
    cron,
    timeZone,
    missed,
    nextAt === undefined ? "never again" : localTime(nextAt),
    lastDate ?? "never",
    lastRun?.id ?? (lastDate === undefined ? "-" : "skipped"),
    lastRun?.state ?? "-",
  ]);
  const head = ["night", "cron", "time zone", "missed", "next", "last", "last run", "state"];
  return table([head, ...rows]);
}
