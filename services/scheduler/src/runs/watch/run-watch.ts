import type { JobQueues } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Alarms } from "../../alarms/alarms.js";
import { elapsedMs, isoTime, type WallClock } from "../../clock.js";
import { isRedisFailure } from "../passing.js";
import type { Planner } from "../planner.js";
import type { RunView } from "../run-view.js";
import type { VerifierWatch } from "../verifier-watch.js";
import { checkDue, LATE } from "./due-alarms.js";
import { type ClusterFacts, type FactsOptions, readClusterFacts, readRunFacts } from "./facts.js";
import { aboutRun, isOpen, type OpenRun, othersMove, plannedBefore, seen } from "./open-run.js";
import { timeLeft } from "./pace.js";
import type { StallReason } from "./stall-facts.js";
import { stallReason } from "./stall-reason.js";

export interface RunWatchOptions extends FactsOptions {
  readonly queues: JobQueues;
  readonly alarms: Pick<Alarms, "raise" | "mend">;
  readonly verifierWatch: VerifierWatch;
  readonly planner: Pick<Planner, "readRows" | "failure">;
  readonly clock: WallClock;
  readonly log: Log;
  /** Called with what is known about the cluster, in every check. */
  readonly onFacts: (facts: ClusterFacts) => void;
  /** A run that has not moved for this long has stalled. */
  readonly stalledAfterMs: number;
  /** Milliseconds since some moment, never going back. Default: the process's monotonic clock. */
  readonly elapsed?: () => number;
}

/**
 * Watches open runs: whether they move, and whether they will be complete when they are due. Needs neither Redis nor
 * the stores to notice that a run stands still.
 */
export interface RunWatch {
  /** Notes how far a run is. To be called whenever it was read. */
  see(view: RunView): void;
  /** Notes why a run could not be read or advanced. */
  failed(runId: string, error: unknown): void;
  /** Notes that a run could be read and advanced. */
  advanced(runId: string): void;
  /** What an open run waits for, if it waits. */
  reason(view: RunView): string | undefined;
  /** When a run will be complete at its present rate, ISO 8601. */
  expectedAt(runId: string): string | undefined;
  /** Forgets a run that was resumed: it has the full time to begin. */
  forget(runId: string): void;
  /** Looks at all open runs: raises alarms, changes their messages, and ends those whose problem is over. */
  check(): Promise<void>;
}

export function openRunWatch(options: RunWatchOptions): RunWatch {
  return new Watch(options);
}

class Watch implements RunWatch {
  readonly #options: RunWatchOptions;
  readonly #runs = new Map<string, OpenRun>();

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  see(view: RunView): void {
    const { verifierWatch, alarms } = this.#options;
    const { runId } = view.record;
    verifierWatch.check(view);
    if (!isOpen(view)) {
      if (this.#runs.delete(runId)) verifierWatch.forget(runId);
      alarms.mend({ kind: "run_stalled", runId });
      for (const kind of LATE) alarms.mend({ kind, runId });
      return;
    }
    this.#runs.set(runId, seen(this.#runs.get(runId), { view, now: this.#now() }));
  }

  failed(runId: string, error: unknown): void {
    const one = this.#runs.get(runId);
    if (one === undefined || isRedisFailure(error)) return;
    this.#runs.set(runId, { ...one, error: reasonOf(error) });
  }

  advanced(runId: string): void {
    const one = this.#runs.get(runId);
    if (one?.error !== undefined) this.#runs.set(runId, { ...one, error: undefined });
  }

  reason(view: RunView): string | undefined {
    if (!isOpen(view)) return undefined;
    const { planner, verifierWatch } = this.#options;
    const { runId } = view.record;
    const stalled = this.#runs.get(runId)?.stalled;
    if (stalled !== undefined) return `${stalled.why}. ${stalled.remedy}`;
    return view.state === "planning" ? planner.failure(runId) : verifierWatch.reason(view);
  }

  expectedAt(runId: string): string | undefined {
    const one = this.#runs.get(runId);
    const left = one === undefined ? undefined : this.#timeLeft(one);
    return left === undefined ? undefined : isoTime(this.#options.clock.now() + left);
  }

  forget(runId: string): void {
    this.#runs.delete(runId);
    this.#options.verifierWatch.forget(runId);
  }

  async check(): Promise<void> {
    const cluster = await readClusterFacts(this.#options);
    this.#options.onFacts(cluster);
    for (const runId of this.#runs.keys()) {
      try {
        await this.#checkRun(runId, cluster);
      } catch (error) {
        this.#options.log.warn({ runId, reason: reasonOf(error) }, "cannot check a run");
      }
    }
  }

  async #checkRun(runId: string, cluster: ClusterFacts): Promise<void> {
    const { stalledAfterMs, alarms } = this.#options;
    await this.#noteProgress(runId, cluster);
    const one = this.#runs.get(runId);
    if (one === undefined) return;
    const { state } = one.view;
    const works = state === "planning" || state === "running";
    const stalled =
      works && this.#now() - one.movedAt >= stalledAfterMs
        ? await this.#whyStalled(one, cluster)
        : undefined;
    // It may have been seen again, or have ended, in the meantime.
    const current = this.#runs.get(runId);
    if (current === undefined) return;
    if (current.commits !== one.commits) return;
    this.#runs.set(runId, { ...current, stalled });
    if (stalled === undefined) {
      if (current.sawMove || !works) alarms.mend({ kind: "run_stalled", runId });
    } else {
      const minutes = Math.floor((this.#now() - one.movedAt) / 60_000);
      const did = one.view.state === "planning" ? "read" : "committed";
      alarms.raise({
        kind: "run_stalled",
        ...aboutRun(one.view),
        message: `Run ${runId} stands still: ${stalled.why}. Nothing was ${did} for ${minutes} minutes. ${stalled.remedy}`,
      });
    }
    this.#checkDue(runId);
  }

  /** Users that are done in active shards are movement as well: a shard may take longer than the limit. */
  async #noteProgress(runId: string, { redis }: ClusterFacts): Promise<void> {
    const { planner, stalledAfterMs, log } = this.#options;
    const one = this.#runs.get(runId);
    if (one === undefined || this.#now() - one.movedAt < stalledAfterMs / 2) return;
    let progress = planner.readRows(runId) ?? 0;
    if (redis.state === "ok") {
      const elsewhere = await this.#options.rowsUnderWay(one.view).catch((error: unknown) => {
        log.debug({ runId, reason: reasonOf(error) }, "cannot read the progress of a run");
        return 0;
      });
      progress = Math.max(progress, elsewhere);
    }
    const current = this.#runs.get(runId);
    if (current === undefined || progress <= current.progress) return;
    // What was done before the first look is no movement since then.
    const moved = current.progress === 0 ? {} : { movedAt: this.#now(), sawMove: true };
    this.#runs.set(runId, { ...current, progress, ...moved });
  }

  async #whyStalled(one: OpenRun, cluster: ClusterFacts): Promise<StallReason | undefined> {
    const { verifierWatch, planner, stalledAfterMs } = this.#options;
    const { view } = one;
    const { runId } = view.record;
    const unseen = this.#now() - one.seenAt >= stalledAfterMs;
    const facts = await readRunFacts(this.#options, {
      view,
      cluster,
      unverified: verifierWatch.unverified(view),
      planning: {
        read: planner.readRows(runId),
        failure: planner.failure(runId),
        ahead: plannedBefore(one, this.#runs.values()),
      },
      error: one.error ?? (unseen ? `the store of ${view.record.out} does not answer` : undefined),
    });
    const { jobs } = facts;
    // Behind other runs it has only to wait. Its own shards would show a problem of its own.
    const waits = jobs !== undefined && jobs.active + jobs.delayed === 0;
    if (
      waits &&
      facts.queue?.paused !== true &&
      othersMove(one, { runs: this.#runs.values(), since: this.#now() - stalledAfterMs })
    )
      return undefined;
    return stallReason(facts);
  }

  #checkDue(runId: string): void {
    const one = this.#runs.get(runId);
    if (one === undefined) return;
    const { clock, alarms } = this.#options;
    const leftMs = this.#timeLeft(one);
    const wasLate = checkDue({ one, leftMs, now: clock.now(), alarms });
    this.#runs.set(runId, { ...one, wasLate });
  }

  #timeLeft({ view, samples }: OpenRun): number | undefined {
    if (view.state !== "running") return undefined;
    return timeLeft(samples, { now: this.#now(), rows: view.standing.rows });
  }

  #now(): number {
    return (this.#options.elapsed ?? elapsedMs)();
  }
}
