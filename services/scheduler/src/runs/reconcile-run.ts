import { type JobQueues, pauseRun, repairRun, restoreRun, runJobs } from "@nightbeam/queue";
import type { Log } from "@nightbeam/service/log";
import type { Tracing } from "@nightbeam/telemetry";
import type { Alarms } from "../alarms/alarms.js";
import type { WallClock } from "../clock.js";
import { raiseIfEmpty } from "./empty-run.js";
import type { PartialRetries } from "./partial-retries.js";
import { jobsOf, reopenPlanned } from "./retry-missing.js";
import { stateAfter } from "./run-state.js";
import type { RunView } from "./run-view.js";

export interface ReconcileOptions {
  readonly queues: JobQueues;
  readonly alarms: Pick<Alarms, "raise" | "drop" | "mend">;
  readonly clock: WallClock;
  readonly retries: PartialRetries;
  readonly tracing: Tracing;
  readonly log: Log;
  /** Requests the planning of the run. */
  readonly plan: (view: RunView) => void;
}

/** The shards of a run, and those that are missing. */
export interface Reconciled {
  readonly shards: number;
  readonly missing: number;
}

/**
 * Does the next step of a run, whatever Redis contains: requests its planning, makes its jobs, sets aside shards
 * that failed permanently, or finishes it. Idempotent, also if it runs twice at the same time.
 *
 * @throws QueueError, RunError, StoreError, DatasetError
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
    case "paused":
      if (missing.length === 0) await finish(view, options);
      else await pauseJobs(view, options.queues);
      return left;
    case "partial":
      // A drafter that was believed dead may have committed what was set aside.
      if (missing.length === 0) await finish(view, options);
      else if (options.retries.takes(view)) await retry(view, options);
      return left;
    case "complete":
    case "cancelled":
    case "refused":
      return left;
    default:
      return state satisfies never;
  }
}

async function finish(view: RunView, options: ReconcileOptions): Promise<void> {
  const { clock, alarms } = options;
  const { state, output, record } = view;
  stateAfter(state, "finished");
  const submittedAt = Date.parse(record.submittedAt);
  await output.finish((clock.now() - submittedAt) / 1_000);
  traceRun(view, { tracing: options.tracing, from: submittedAt, to: clock.now() });
  alarms.drop(record.runId);
  options.retries.forget(record.runId);
  await raiseIfEmpty(view, alarms);
}

/** Adds the span of a run, which its shards belong to, now that it has ended. */
function traceRun(
  { record: { runId, trace }, standing: { rows, shards } }: RunView,
  { tracing, from, to }: { readonly tracing: Tracing; readonly from: number; readonly to: number },
): void {
  if (trace === undefined) return;
  const attributes = {
    "nightbeam.run": runId,
    "nightbeam.users": rows,
    "nightbeam.shards": shards,
  };
  const { parent, span: traceparent } = trace;
  tracing.record("run", { parent, traceparent, from, to, attributes });
}

/** Removes the jobs of a paused run that another scheduler has made, or that were put back. @throws QueueError */
export async function pauseJobs({ record, missing }: RunView, queues: JobQueues): Promise<void> {
  const shards = missing.map(({ index }) => index);
  await pauseRun(queues, { runId: record.runId, shards });
}

/** Does what submitting a partial run again does. Its alarm stands until the run is complete. */
async function retry(view: RunView, { queues, log }: ReconcileOptions): Promise<void> {
  const { record, missing } = view;
  log.info({ runId: record.runId, missing: missing.length }, "trying a partial run again");
  await reopenPlanned(view, queues);
}

async function repair(view: RunView, options: ReconcileOptions): Promise<void> {
  const { output, missing } = view;
  const { queues } = options;
  const jobs = jobsOf(view);
  const { runId } = jobs;
  const change = await repairRun(queues, { ...jobs, missing });
  if (change.outcome === "cancelled") {
    // Redis has the mark of a cancelled run. If the store has not, the run was resumed. Read again, because it
    // may have been cancelled in the meantime.
    if ((await output.standing()).cancelled === undefined) await restoreRun(queues, runId);
    return;
  }
  const poison = new Set(change.poison);
  if (missing.every(({ index }) => poison.has(index))) await setAside(view, options);
}

function whatNext({ record: { runId, retryUntil } }: RunView): string {
  return retryUntil === undefined
    ? `Then run \`nightbeam retry ${runId}\`: only missing shards are done.`
    : `The missing shards are tried again until ${retryUntil}.`;
}

/** Ends a run of which all missing shards failed permanently. Submitting it again resumes it. */
async function setAside(view: RunView, options: ReconcileOptions): Promise<void> {
  const { record, missing, output, state, standing } = view;
  const { queues, alarms, clock } = options;
  const { runId } = record;
  stateAfter(state, "set-aside");
  const shards = missing.map(({ index }) => index);
  const jobs = await runJobs(queues, { runId, shards });
  const causes = new Map(
    jobs.shards.map(({ index, reason = "its job failed" }) => [index, reason] as const),
  );
  await output.setAside(new Date(clock.now()), causes);
  const first = missing[0]?.index ?? 0;
  alarms.raise({
    kind: "run_partial",
    runId,
    message:
      `Run ${runId} is partial: ${missing.length} of ${standing.shards} shards failed ` +
      `permanently (shard ${first}: ${causes.get(first)}). It has no manifest. Fix the cause. ${whatNext(view)}`,
    ...(record.night === undefined ? {} : { night: record.night }),
  });
}
