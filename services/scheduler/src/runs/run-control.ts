import type { RedoBody, RedoneRun, RunStatus } from "@nightbeam/api";
import { cancelRun, type RunPriority } from "@nightbeam/queue";
import { reasonOf } from "@nightbeam/service/log";
import { SchedulerError } from "../errors.js";
import type { Planner } from "./planner.js";
import { pauseJobs, type ReconcileOptions } from "./reconcile-run.js";
import { type Redone, type RedoOptions, startRedo } from "./redo-run.js";
import type { RegistrationOptions } from "./register-run.js";
import type { RunRegistry } from "./run-registry.js";
import { isPossible, stateAfter } from "./run-state.js";
import type { RunView } from "./run-view.js";
import type { RunWatch } from "./watch/run-watch.js";

/** What users do to runs. All methods return undefined for an unknown run. */
export interface RunControls {
  /** Stops a run; committed shards stay. @throws SchedulerError RUN_STATE if it has ended */
  cancel(runId: string): Promise<RunStatus | undefined>;
  /**
   * Pauses a run: shards in progress are committed, and no other is taken. A run that is being planned is paused as
   * soon as it is planned. Does nothing if it is paused.
   *
   * @throws SchedulerError RUN_STATE if it has ended
   */
  pause(runId: string): Promise<RunStatus | undefined>;
  /** Lets a paused run go on. Does nothing if it is not paused. @throws SchedulerError RUN_STATE if it has ended */
  resume(runId: string): Promise<RunStatus | undefined>;
  /** Does the missing shards of a run that has ended without its lists. @throws SchedulerError RUN_STATE for others */
  retry(runId: string): Promise<RunStatus | undefined>;
  /** Has shards of a run computed again. See `startRedo` for errors. */
  redo(runId: string, body: RedoBody): Promise<RedoneRun | undefined>;
  /** Changes the place of a run in the queue. @throws SchedulerError RUN_STATE if it is complete */
  prioritize(runId: string, priority: RunPriority): Promise<RunStatus | undefined>;
}

/** Makes the controls of the runs of a registry. */
export function runControls(runs: RunRegistry, options: ControlOptions): RunControls {
  return {
    cancel: (runId) => runs.change(runId, (view) => cancel(view, options)),
    pause: (runId) => runs.change(runId, (view) => pause(view, options)),
    resume: (runId) => {
      return runs.change(runId, async (view) => {
        await unpause(view, options);
        options.watch.forget(runId);
        await runs.advance(runId);
      });
    },
    retry: (runId) => {
      return runs.change(runId, async (view) => {
        assertRetryable(view);
        await runs.retry(view.record);
      });
    },
    redo: async (runId, body) => {
      let redone: Redone = { shards: 0, unknown: 0 };
      const run = await runs.change(runId, async (view) => {
        redone = await startRedo(view, body, options);
        options.reconcile.log.info({ runId, ...redone }, "computing shards again");
        options.watch.forget(runId);
        await runs.advance(runId);
      });
      return run && { ...redone, run };
    },
    prioritize: (runId, priority) => {
      return runs.change(runId, async (view) => {
        await prioritize(view, { ...options, priority });
        await runs.advance(runId);
      });
    },
  };
}

/** What stopping and pausing runs needs. */
export interface ControlOptions
  extends RedoOptions,
    Pick<RegistrationOptions, "records" | "reopenings"> {
  readonly planner: Pick<Planner, "abort">;
  readonly watch: Pick<RunWatch, "forget">;
  readonly reconcile: Pick<ReconcileOptions, "queues" | "clock" | "log">;
}

async function cancel(view: RunView, options: ControlOptions): Promise<void> {
  const { reopenings, planner, reconcile } = options;
  const { queues, clock, log } = reconcile;
  const { runId } = view.record;
  const now = clock.now();
  // The store first: Redis may lose its mark, and a reconciler that sees the store's mark leaves the run alone.
  if (view.state !== "cancelled") {
    stateAfter(view.state, "cancelled");
    await view.output.cancel(new Date(now));
    await reopenings.remove(runId);
    log.info({ runId }, "cancelled a run");
  }
  planner.abort(runId);
  const shards = view.missing.map(({ index }) => index);
  await cancelRun(queues, { runId, shards, now });
}

async function pause(view: RunView, { reconcile }: ControlOptions): Promise<void> {
  const { queues, clock, log } = reconcile;
  const { runId } = view.record;
  stateAfter(view.state, "paused");
  if (view.standing.paused === undefined) {
    await view.output.pause(new Date(clock.now()));
    log.info({ runId }, "paused a run");
  }
  // Redis has no mark, so the reconciler does it again if this fails, or if a job was made meanwhile.
  await pauseJobs(view, queues).catch((error: unknown) => {
    log.warn({ runId, reason: reasonOf(error) }, "cannot take back the jobs of a paused run yet");
  });
}

async function unpause(view: RunView, { reconcile }: ControlOptions): Promise<void> {
  const { state, record } = view;
  const { runId } = record;
  if (!isPossible(state, "unpaused")) {
    const remedy =
      state === "complete" ? "" : ` Run \`nightbeam retry ${runId}\` to do its missing shards.`;
    throw new SchedulerError("RUN_STATE", `The run is ${state}, not paused.${remedy}`);
  }
  if (view.standing.paused === undefined) return;
  await view.output.unpause();
  reconcile.log.info({ runId }, "resumed a paused run");
}

function assertRetryable({ state, record: { runId } }: RunView): void {
  if (isPossible(state, "resumed")) return;
  const remedy =
    state === "paused"
      ? `Run \`nightbeam resume ${runId}\` to let it go on.`
      : "Only a run that is partial, cancelled or refused can be retried.";
  throw new SchedulerError("RUN_STATE", `The run is ${state}. ${remedy}`);
}

async function prioritize(
  { state, record }: RunView,
  { priority, records, reconcile }: ControlOptions & { readonly priority: RunPriority },
): Promise<void> {
  if (state === "complete") {
    throw new SchedulerError("RUN_STATE", "The run is complete; its priority changes nothing.");
  }
  if (record.priority === priority) return;
  // The reconciler gives waiting jobs the priority of the record.
  await records.put(record.runId, { ...record, priority });
  reconcile.log.info({ runId: record.runId, priority }, "changed the priority of a run");
}
