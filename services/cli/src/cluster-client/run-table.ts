import type { RunStatus } from "@nightbeam/api";
import { clock, table, whole } from "@nightbeam/service/terminal";
import { secondsOf } from "./describe.js";
import { localTime } from "./local-time.js";

/** Runs, one per line. */
export function runTable(runs: readonly RunStatus[], now: number = Date.now()): string {
  const rows = runs.map((run) => [
    run.id,
    run.state,
    run.users.total === undefined ? "-" : whole(run.users.total),
    run.shards === undefined ? "-" : `${whole(run.shards.done)}/${whole(run.shards.total)}`,
    run.rejected === 0 ? "-" : whole(run.rejected),
    ...(Date.parse(run.submittedAt) === 0
      ? ["-", "-"]
      : [localTime(run.submittedAt), clock(secondsOf(run, now))]),
    run.night ?? "-",
  ]);
  const head = ["run", "state", "users", "shards done", "without list", "started", "took", "night"];
  const reasons = runs
    .filter(({ state }) => state === "unreadable")
    .map(({ id, reason = "" }) => `run ${id} cannot be read: ${reason}`);
  return [table([head, ...rows]), ...reasons].join("\n");
}
