import { cancelRun, restoreRun } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { RunStatus, StartedRun } from "../api/answers.js";
import type { Submission } from "../api/request.js";
import { isoTime } from "../clock.js";
import { keyedMutex } from "../state/mutex.js";
import type { Planner } from "./planner.js";
import { type Reconciled, type ReconcileOptions, reconcileRun } from "./reconcile-run.js";
import { type RegistrationOptions, registerRun, type StartedBy } from "./register-run.js";
import { requireRedis, retryMissing } from "./retry-missing.js";
import type { RunRecord } from "./run-record.js";
import { isPossible, stateAfter } from "./run-state.js";
import { type LiveFigures, liveFigures, NOTHING_LIVE, runStatus } from "./run-status.js";
import { type RunView, viewRun } from "./run-view.js";
import type { RunWatch } from "./watch/run-watch.js";

export interface RunRegistryOptions extends RegistrationOptions {
  readonly planner: Planner;
  readonly reconcile: Omit<ReconcileOptions, "plan">;
  readonly watch: RunWatch;
  readonly log: Log;
}

/** Runs that ended without a manifest are checked for late commits at this interval. */
const QUIET_MS = 60_000;

/** All operations on runs. Operations on the same run happen one after the other. */
export class RunRegistry {
  readonly #options: RunRegistryOptions;
  readonly #mutex = keyedMutex();
  /** The final status of complete runs. */
  readonly #complete = new Map<string, RunStatus>();
  /** When ended runs are checked again, in epoch milliseconds. */
  readonly #quietUntil = new Map<string, number>();

  constructor(options: RunRegistryOptions) {
    this.#options = options;
  }

  /**
   * Registers a run, or resumes it if it is cancelled, partial or refused. The same submission from several callers
   * at the same time is one run.
   *
   * @throws SchedulerError OUT_TAKEN, UNREADABLE_INPUT, UNKNOWN_ROLLOUT; QueueError, RunError, StoreError, …
   */
  start(submission: Submission, by?: StartedBy): Promise<StartedRun> {
    return this.#mutex.run(submission.out, async () => {
      const { record, created } = await registerRun(submission, { ...this.#options, by });
      const { runId } = record;
      if (!created) return this.#mutex.run(runId, () => this.#resume(record));
      const { log } = this.#options;
      log.info({ runId, out: record.out, night: by?.night }, "registered a run");
      // The run is registered in any case. The reconciler retries what fails now.
      await this.reconcile(runId).catch((error: unknown) => {
        log.warn({ runId, reason: reasonOf(error) }, "could not start a new run yet; retrying");
      });
      return { outcome: "created", run: await this.#status(await this.#view(record)) };
    });
  }

  /** The status of a run. Undefined for an unknown run. */
  async get(runId: string): Promise<RunStatus | undefined> {
    const record = await this.#options.records.get(runId);
    return record === undefined ? undefined : this.#status(await this.#view(record));
  }

  /** All runs, the latest first. */
  async list(): Promise<readonly RunStatus[]> {
    const runs: RunStatus[] = [];
    for (const runId of await this.#options.records.keys()) {
      const known = this.#complete.get(runId) ?? (await this.get(runId));
      if (known !== undefined) runs.push(known);
    }
    return runs.sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : -1));
  }

  /** The ids of runs to reconcile. */
  async open(): Promise<readonly string[]> {
    const keys = await this.#options.records.keys();
    const now = this.#options.clock.now();
    return keys.filter((runId) => {
      return !this.#complete.has(runId) && now >= (this.#quietUntil.get(runId) ?? 0);
    });
  }

  /**
   * Stops a run; committed shards stay. Undefined for an unknown run.
   *
   * @throws SchedulerError RUN_STATE if it has ended
   */
  cancel(runId: string): Promise<RunStatus | undefined> {
    return this.#mutex.run(runId, async () => {
      const { records, reopenings, planner, clock, reconcile, log } = this.#options;
      const record = await records.get(runId);
      if (record === undefined) return undefined;
      const view = await this.#view(record);
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
      await cancelRun(reconcile.queues, { runId, shards, now });
      return this.#status(await this.#view(record));
    });
  }

  /** Does the next step of a run. @returns undefined for an unknown run */
  reconcile(runId: string): Promise<Reconciled | undefined> {
    return this.#mutex.run(runId, async () => {
      const record = await this.#options.records.get(runId);
      if (record === undefined) return undefined;
      const view = await this.#view(record);
      // First: a run that cannot be advanced stands still.
      this.#options.watch.see(view);
      const done = await this.#advance(view);
      if (view.state === "complete") this.#complete.set(runId, await this.#status(view));
      if (view.endedAt === undefined) this.#quietUntil.delete(runId);
      else this.#quietUntil.set(runId, this.#options.clock.now() + QUIET_MS);
      return done;
    });
  }

  /** Resumes a run if its state allows that. */
  async #resume(record: RunRecord): Promise<StartedRun> {
    const { refusals, reopenings, reconcile, log, check, clock } = this.#options;
    const { runId } = record;
    const view = await this.#view(record);
    if (!isPossible(view.state, "resumed")) {
      if (view.state !== "complete") this.#forgetAlarms(runId);
      return { outcome: "unchanged", run: await this.#status(view) };
    }
    const isPlanned = view.standing.plan !== undefined;
    if (!isPlanned) await check(record.request);
    this.#quietUntil.delete(runId);
    this.#forgetAlarms(runId);
    log.info({ runId, was: view.state }, "resuming a run");
    const { queues } = reconcile;
    requireRedis(queues);
    await restoreRun(queues, runId);
    if (isPlanned) {
      // The jobs first: otherwise a reconciler could set the failed ones aside again.
      await retryMissing(view, queues);
      await view.output.reopen();
    } else {
      // A run that was cancelled before it was planned keeps that mark until then. This record resumes it.
      if (view.state === "cancelled") await reopenings.put(runId, { at: isoTime(clock.now()) });
      await refusals.remove(runId);
    }
    await this.#advance(await this.#view(record));
    return { outcome: "resumed", run: await this.#status(await this.#view(record)) };
  }

  /** Problems that persist raise new alarms. */
  #forgetAlarms(runId: string): void {
    const { reconcile, watch } = this.#options;
    reconcile.alarms.drop(runId);
    watch.forget(runId);
  }

  #advance(view: RunView): Promise<Reconciled> {
    const { reconcile, planner } = this.#options;
    const plan = ({ record }: RunView) => planner.request(record);
    return reconcileRun(view, { ...reconcile, plan });
  }

  #view(record: RunRecord): Promise<RunView> {
    return viewRun(record, this.#options);
  }

  async #status(view: RunView): Promise<RunStatus> {
    const { planner, watch } = this.#options;
    const { runId } = view.record;
    const planning = view.state === "planning";
    return runStatus(view, {
      live: view.state === "running" ? await this.#live(view) : NOTHING_LIVE,
      read: planning ? planner.readRows(runId) : undefined,
      waitsFor: watch.reason(view),
      expectedAt: watch.expectedAt(runId),
    });
  }

  /** The progress of shards in Redis. Without Redis it is unknown; the store knows what is done. */
  async #live(view: RunView): Promise<LiveFigures> {
    try {
      return await liveFigures(this.#options.reconcile.queues, view);
    } catch (error) {
      this.#options.log.debug({ reason: reasonOf(error) }, "cannot read live figures");
      return NOTHING_LIVE;
    }
  }
}
