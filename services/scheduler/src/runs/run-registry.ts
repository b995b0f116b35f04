import type { RunStatus, StartedRun, Submission, Treatment } from "@nightbeam/api";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { DriftDesk } from "../drift/drift-desk.js";
import type { PublicationDesk } from "../publications/publication-desk.js";
import type { Documents } from "../state/documents.js";
import { keyedMutex } from "../state/mutex.js";
import type { Planner } from "./planner.js";
import { readStatus } from "./read-status.js";
import { type Reconciled, type ReconcileOptions, reconcileRun } from "./reconcile-run.js";
import { applyRedo, type Redo } from "./redo-run.js";
import { type RegistrationOptions, registerRun, type StartedBy } from "./register-run.js";
import { retryRun } from "./retry-run.js";
import type { RunRecord } from "./run-record.js";
import { isPossible } from "./run-state.js";
import { timesOfSubmission } from "./run-times.js";
import { type RunView, viewRun } from "./run-view.js";
import { readRuns } from "./unreadable-run.js";
import type { RunWatch } from "./watch/run-watch.js";

export interface RunRegistryOptions extends RegistrationOptions {
  readonly planner: Planner;
  readonly reconcile: Omit<ReconcileOptions, "plan">;
  readonly watch: RunWatch;
  readonly redos: Documents<Redo>;
  readonly drift: Pick<DriftDesk, "see" | "read">;
  readonly publications: Pick<PublicationDesk, "see" | "read" | "assertPossible">;
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
      if (!created) {
        return this.#mutex.run(runId, async () => {
          if (by?.priority !== undefined) await this.advance(runId);
          return this.retry(record);
        });
      }
      const { log } = this.#options;
      log.info({ runId, out: record.out, night: by?.night }, "registered a run");
      // The run is registered in any case. The reconciler retries what fails now.
      await this.reconcile(runId).catch((error: unknown) => {
        log.warn({ runId, reason: reasonOf(error) }, "could not start a new run yet; retrying");
      });
      return { outcome: "created", run: await this.#status(await this.#view(record)) };
    });
  }

  /** `start`, for a client. @throws SchedulerError BAD_REQUEST if it would be due in the past */
  submit(submission: Submission, treatment: Treatment): Promise<StartedRun> {
    const { priority, publish } = treatment;
    this.#options.publications.assertPossible(publish);
    return this.start(submission, {
      ...timesOfSubmission(treatment, this.#options.clock.now()),
      ...(priority === undefined ? {} : { priority }),
      ...(publish === undefined ? {} : { publish }),
    });
  }

  /** The status of a run, also if it cannot be read. Undefined for an unknown run. */
  async get(runId: string): Promise<RunStatus | undefined> {
    const { records } = this.#options;
    return (await readRuns([runId], { records, read: (id) => this.#read(id) }))[0];
  }

  /** All runs, the latest first. */
  async list(): Promise<readonly RunStatus[]> {
    const { records } = this.#options;
    const runs = await readRuns(await records.keys(), {
      records,
      read: async (runId) => this.#complete.get(runId) ?? (await this.#read(runId)),
    });
    return runs.sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : -1));
  }

  /** The ids of all runs. */
  ids(): Promise<readonly string[]> {
    return this.#options.records.keys();
  }

  /** The files of a run. Undefined for an unknown run. */
  async view(runId: string): Promise<RunView | undefined> {
    const record = await this.#options.records.get(runId);
    return record === undefined ? undefined : this.#view(record);
  }

  /** The ids of runs to reconcile. */
  async open(): Promise<readonly string[]> {
    const keys = await this.#options.records.keys();
    const now = this.#options.clock.now();
    // Also another scheduler may have had shards of a complete run computed again.
    for (const runId of await this.#options.redos.keys()) this.#forget(runId);
    return keys.filter((runId) => {
      return !this.#complete.has(runId) && now >= (this.#quietUntil.get(runId) ?? 0);
    });
  }

  /**
   * Changes a run while nothing else does.
   *
   * @returns its status afterwards, or undefined for an unknown run
   */
  change(runId: string, change: (view: RunView) => Promise<void>): Promise<RunStatus | undefined> {
    return this.#mutex.run(runId, async () => {
      const record = await this.#options.records.get(runId);
      if (record === undefined) return undefined;
      await change(await this.#view(record));
      this.#forget(runId);
      return this.get(runId);
    });
  }

  /** Does the next step of a run that is being changed. What fails is retried by the reconciler. */
  async advance(runId: string): Promise<void> {
    const { records, log } = this.#options;
    try {
      const record = await records.get(runId);
      if (record !== undefined) await this.#advance(await this.#view(record));
    } catch (error) {
      log.warn({ runId, reason: reasonOf(error) }, "cannot advance a run yet; retrying");
    }
  }

  /** Does the next step of a run. @returns undefined for an unknown run */
  reconcile(runId: string): Promise<Reconciled | undefined> {
    return this.#mutex.run(runId, async () => {
      const record = await this.#options.records.get(runId);
      if (record === undefined) return undefined;
      let view = await this.#view(record);
      if (await applyRedo(view, this.#options.redos)) view = await this.#view(record);
      // First: a run that cannot be advanced stands still.
      this.#options.watch.see(view);
      const done = await this.#advance(view);
      this.#options.drift.see(view);
      this.#options.publications.see(view);
      if (view.state === "complete") this.#complete.set(runId, await this.#status(view));
      const continues = this.#options.reconcile.retries.reason(view) !== undefined;
      if (view.endedAt === undefined || continues) this.#quietUntil.delete(runId);
      else this.#quietUntil.set(runId, this.#options.clock.now() + QUIET_MS);
      return done;
    });
  }

  /** Does the missing shards of a run that has ended without its lists, while it is changed. Leaves other runs alone. */
  async retry(record: RunRecord): Promise<StartedRun> {
    const { runId } = record;
    const view = await this.#view(record);
    if (!isPossible(view.state, "resumed")) {
      if (view.state !== "complete") this.#forgetAlarms(runId);
      return { outcome: "unchanged", run: await this.#status(view) };
    }
    await retryRun(view, this.#options);
    this.#quietUntil.delete(runId);
    this.#forgetAlarms(runId);
    await this.#advance(await this.#view(record));
    return { outcome: "resumed", run: await this.#status(await this.#view(record)) };
  }

  /** Has the status of a complete run read again. */
  refresh(runId: string): void {
    this.#complete.delete(runId);
  }

  /** Forgets that a run has ended. */
  #forget(runId: string): void {
    this.#complete.delete(runId);
    this.#quietUntil.delete(runId);
  }

  /** Problems that persist raise new alarms. */
  #forgetAlarms(runId: string): void {
    const { reconcile, watch } = this.#options;
    reconcile.alarms.drop(runId);
    reconcile.retries.forget(runId);
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

  async #read(runId: string): Promise<RunStatus | undefined> {
    const record = await this.#options.records.get(runId);
    return record === undefined ? undefined : this.#status(await this.#view(record));
  }

  #status(view: RunView): Promise<RunStatus> {
    return readStatus(view, this.#options);
  }
}
