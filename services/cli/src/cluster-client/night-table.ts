import type { NightStatus } from "@nightbeam/scheduler/api";
import { table } from "@nightbeam/service/terminal";
import { localTime } from "./run-table.js";

/** Nights, one per line, with the result of the last one. */
export function nightTable(nights: readonly NightStatus[]): string {
  const rows = nights.map(({ name, cron, timeZone, missed, nextAt, lastDate, lastRun }) => [
    name,
    cron,
    timeZone,
    missed,
    nextAt === undefined ? "no more dates" : localTime(nextAt),
    lastDate ?? "never",
    lastRun?.id ?? (lastDate === undefined ? "-" : "skipped"),
    lastRun?.state ?? "-",
  ]);
  const head = ["night", "cron", "time zone", "missed", "next", "last", "last run", "state"];
  return table([head, ...rows]);
}
