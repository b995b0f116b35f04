import { type JobQueues, repairRun, restoreRun, runJobs } from "@nightbeam/queue";
import type { AlarmBook } from "../alarms/alarms.js";
import type { Clock } from "../clock.js";
import { tellEmptyRun } from "./empty-run.js";
import { stateAfter } from "./run-state.js";
import type { RunView } from "./run-view.js";

export interface ReconcileOptions {
  readonly queues: JobQueues;
  readonly alarms: Pick<AlarmBook, "raise" | "drop">;
  readonly clock: Clock;
  /** Has the run planned, some time soon. */
  readonly plan: (view: RunView) => void;
}

/** What is still missing after a look at a run. */
export interface Reconciled {
  readonly shards: number;
  readonly missing: number;
}

/**
 * Does the next thing that a run needs, whatever state Redis is in: plans it, makes its jobs, sets
 * aside what failed for good, or finishes it. Doing it twice at the same time changes nothing.
 *
 * @throws JobsError, DatasetError
 */
export async function reconcileRun(view: RunView, options: ReconcileOptions): Promise<Reconciled> {
  const { state, standing, missing } = view;
  const left = { shards: standing.shards, missing: missing.length };
  switch (state) {
    case "planning":
      options.plan(view);
      return left;
    case "running":
      if (missing.length === 0) await finish(view, options);
      else await repair(view, options);
      return left;
    case "partial":
      // A zombie may have committed what was set aside.
      if (missing.length === 0) await finish(view, options);
      return left;
    case "complete":
    case "cancelled":
    case "refused":
      return left;
    default:
      return state satisfies never;
  }
}

async function finish(view: RunView, { clock, alarms }: ReconcileOptions): Promise<void> {
  const { state, out, record } = view;
  stateAfter(state, "finished");
  await out.finish((clock.now() - Date.parse(record.submittedAt)) / 1_000);
  alarms.drop(record.runId);
  await tellEmptyRun(view, alarms);
}

async function repair(view: RunView, options: ReconcileOptions): Promise<void> {
  const { record, out, missing } = view;
  const { queues } = options;
  const { runId } = record;
  const wanted = { runId, location: out.location, missing };
  const change = await repairRun(queues, wanted);
  if (change.outcome === "cancelled") {
    // Redis says so and the store does not: a run that was taken up again, unless it was cancelled
    // since we looked.
    if ((await out.standing()).cancelled === undefined) await restoreRun(queues, runId);
    return;
  }
  const poison = new Set(change.poison);
  if (missing.every(({ index }) => poison.has(index))) await setAside(view, options);
}

/** Nobody will do what is missing: that is the end of the run until somebody submits it again. */
async function setAside(view: RunView, options: ReconcileOptions): Promise<void> {
  const { record, missing, out, state, standing } = view;
  const { queues, alarms, clock } = options;
  const { runId } = record;
  stateAfter(state, "set-aside");
  const shards = missing.map(({ index }) => index);
  const jobs = await runJobs(queues, { runId, shards });
  const causes = new Map(
    jobs.shards.map(({ index, reason = "its job failed" }) => [index, reason] as const),
  );
  await out.setAside(new Date(clock.now()), causes);
  const first = missing[0]?.index ?? 0;
  alarms.raise({
    kind: "run_partial",
    runId,
    message:
      `Run ${runId} is partial: ${missing.length} of ${standing.shards} shards failed for ` +
      `good (shard ${first}: ${causes.get(first)}). It has no manifest. Remove the cause and ` +
      "submit the run again: only what is missing is done.",
    ...(record.night === undefined ? {} : { night: record.night }),
  });
}
