import type { NightStatus } from "@nightbeam/api";
import { table } from "@nightbeam/service/terminal";
import { localTime } from "./local-time.js";

/** Nights, one per line, with the result of the last one. */
export function nightTable(nights: readonly NightStatus[]): string {
  const rows = nights.map(({ name, cron, timeZone, due, missed, nextAt, lastDate, lastRun }) => [
    name,
    cron,
    timeZone,
    due ?? "-",
    missed,
    nextAt === undefined ? "no more dates" : localTime(nextAt),
    lastDate ?? "never",
    lastRun?.id ?? (lastDate === undefined ? "-" : "skipped"),
    lastRun?.state ?? "-",
  ]);
  const head = ["night", "cron", "time zone", "due", "missed", "next", "last", "last run", "state"];
  return table([head, ...rows]);
}
