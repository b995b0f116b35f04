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
import type { Verification } from "./verification.js";

export interface RunBookOptions extends RegistrationOptions {
  readonly planner: Planner;
  readonly reconcile: Omit<ReconcileOptions, "plan">;
  readonly verification: Verification;
  readonly log: Log;
}

/** A run that has ended without a manifest is only looked at for late commits. */
const QUIET_MS = 60_000;

/** Everything that happens to runs. Of one run, one thing happens at a time. */
export class RunBook {
  readonly #options: RunBookOptions;
  readonly #mutex = keyedMutex();
  /** Runs that are over for good. */
  readonly #complete = new Map<string, RunStatus>();
  /** When runs in which nothing moves are looked at again, in epoch milliseconds. */
  readonly #quietUntil = new Map<string, number>();

  constructor(options: RunBookOptions) {
    this.#options = options;
  }

  /**
   * Registers a run, takes up one that was cancelled, partial or refused, or finds that there is
   * nothing to do. The same submission, from however many callers at once, is one run.
   *
   * @throws SchedulerError OUT_TAKEN, UNREADABLE_INPUT, UNKNOWN_ROLLOUT; JobsError, ModelError, …
   */
  start(submission: Submission, by?: StartedBy): Promise<StartedRun> {
    return this.#mutex.run(submission.out, async () => {
      const { record, created } = await registerRun(submission, { ...this.#options, by });
      const { runId } = record;
      if (!created) return this.#mutex.run(runId, () => this.#again(record));
      const { log } = this.#options;
      log.info({ runId, out: record.out, night: by?.night }, "a run was registered");
      // What fails now is tried again by the reconciler; the run is registered all the same.
      await this.reconcile(runId).catch((error: unknown) => {
        log.warn({ runId, reason: reasonOf(error) }, "a new run has to wait");
      });
      return { outcome: "created", run: await this.#status(await this.#view(record)) };
    });
  }

  /** Undefined for an unknown run. */
  async get(runId: string): Promise<RunStatus | undefined> {
    const record = await this.#options.records.get(runId);
    return record === undefined ? undefined : this.#status(await this.#view(record));
  }

  /** The latest first. */
  async list(): Promise<readonly RunStatus[]> {
    const runs: RunStatus[] = [];
    for (const runId of await this.#options.records.keys()) {
      const known = this.#complete.get(runId) ?? (await this.get(runId));
      if (known !== undefined) runs.push(known);
    }
    return runs.sort((a, b) => (a.submittedAt < b.submittedAt ? 1 : -1));
  }

  /** Runs that something may have to be done for. */
  async open(): Promise<readonly string[]> {
    const keys = await this.#options.records.keys();
    const now = this.#options.clock.now();
    return keys.filter((runId) => {
      return !this.#complete.has(runId) && now >= (this.#quietUntil.get(runId) ?? 0);
    });
  }

  /**
   * Stops a run; what is committed stays. Undefined for an unknown run.
   *
   * @throws SchedulerError RUN_STATE where it is over
   */
  cancel(runId: string): Promise<RunStatus | undefined> {
    return this.#mutex.run(runId, async () => {
      const { records, reopenings, planner, clock, reconcile, log } = this.#options;
      const record = await records.get(runId);
      if (record === undefined) return undefined;
      const view = await this.#view(record);
      const now = clock.now();
      // The store first: Redis may lose its mark, and a reconciler that sees this one leaves the run.
      if (view.state !== "cancelled") {
        stateAfter(view.state, "cancelled");
        await view.out.cancel(new Date(now));
        await reopenings.remove(runId);
        log.info({ runId }, "a run was cancelled");
      }
      planner.abort(runId);
      const shards = view.missing.map(({ index }) => index);
      await cancelRun(reconcile.queues, { runId, shards, now });
      return this.#status(await this.#view(record));
    });
  }

  /** Does the next thing that a run needs. @returns undefined for an unknown run */
  reconcile(runId: string): Promise<Reconciled | undefined> {
    return this.#mutex.run(runId, async () => {
      const record = await this.#options.records.get(runId);
      if (record === undefined) return undefined;
      const view = await this.#view(record);
      const done = await this.#bringOn(view);
      await this.#options.verification.look(view);
      if (view.state === "complete") this.#complete.set(runId, await this.#status(view));
      if (view.endedAt === undefined) this.#quietUntil.delete(runId);
      else this.#quietUntil.set(runId, this.#options.clock.now() + QUIET_MS);
      return done;
    });
  }

  /** Takes up what can be taken up. */
  async #again(record: RunRecord): Promise<StartedRun> {
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
    log.info({ runId, was: view.state }, "a run is taken up again");
    const { queues } = reconcile;
    requireRedis(queues);
    await restoreRun(queues, runId);
    if (isPlanned) {
      // The jobs first: were it the other way round, a reconciler could set the failed ones aside anew.
      await retryMissing(view, queues);
      await view.out.reopen();
    } else {
      // A run that was never planned keeps its mark until it is; this says that it is wanted.
      if (view.state === "cancelled") await reopenings.put(runId, { at: isoTime(clock.now()) });
      await refusals.remove(runId);
    }
    await this.#bringOn(await this.#view(record));
    return { outcome: "resumed", run: await this.#status(await this.#view(record)) };
  }

  /** What is still wrong is told again. */
  #forgetAlarms(runId: string): void {
    const { reconcile, verification } = this.#options;
    reconcile.alarms.drop(runId);
    verification.forget(runId);
  }

  #bringOn(view: RunView): Promise<Reconciled> {
    const { reconcile, planner } = this.#options;
    const plan = ({ record }: RunView) => planner.request(record);
    return reconcileRun(view, { ...reconcile, plan });
  }

  #view(record: RunRecord): Promise<RunView> {
    return viewRun(record, this.#options);
  }

  async #status(view: RunView): Promise<RunStatus> {
    const { planner, verification } = this.#options;
    const { runId } = view.record;
    const planning = view.state === "planning";
    return runStatus(view, {
      live: view.state === "running" ? await this.#live(view) : NOTHING_LIVE,
      read: planning ? planner.readRows(runId) : undefined,
      trouble: planning ? planner.trouble(runId) : verification.reason(view),
    });
  }

  /** The store knows what is done; while Redis is away, what is under way is not known. */
  async #live(view: RunView): Promise<LiveFigures> {
    try {
      return await liveFigures(this.#options.reconcile.queues, view);
    } catch (error) {
      this.#options.log.debug({ reason: reasonOf(error) }, "live figures are not to be had");
      return NOTHING_LIVE;
    }
  }
}
