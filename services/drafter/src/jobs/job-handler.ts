import type { RunSignal, ShardJobResult } from "@nightbeam/queue";
import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { Recorder } from "@nightbeam/telemetry";
import { DrafterError } from "../errors.js";
import { ShardStopped, type StopCause } from "../shard/stop.js";
import { offeredShard } from "../standing/offered-shard.js";
import type { OfferedShard, ShardPolicy } from "../standing/shard-policy.js";
import type { Verdict } from "../standing/verdict.js";
import { endJob, messageOf } from "./end-job.js";
import { type Fate, fateOf } from "./fate.js";
import type { Lease, Leases } from "./leases.js";
import type { QueueConnection, ShardJob } from "./queue-connection.js";

/** A job that was taken from the queue. */
export interface TakenShard {
  readonly id: string;
  readonly data: unknown;
  /** Attempts so far, including this one. */
  readonly attempt: number;
  /** Aborted with a `ShardStopped`. */
  readonly signal: AbortSignal;
  /** The span of its run, if that is traced. */
  readonly traceparent: string | undefined;
  readonly lease: Pick<Lease, "isHeld">;
  /** Fires when the run is cancelled. Call it after the job's data were validated. */
  cancelled(runId: string): RunSignal;
  stop(cause: StopCause): void;
  updateProgress(progress: object): Promise<void>;
  /** Reports that the store does not take the lists. May stop the shard, if that has lasted too long. */
  waitForStore(reason: string): void;
}

export interface JobHandlerOptions {
  /** Of this drafter. */
  readonly name: string;
  readonly leases: Leases;
  readonly policy: ShardPolicy;
  readonly work: (shard: TakenShard) => Promise<ShardJobResult>;
  /** Delay of a job that did not fail and was not done. */
  readonly putOffMs: number;
  /** Called after a job may have changed what the policy takes. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly metrics: Recorder;
  readonly log: Log;
}

/** What became of shards that were not done, as the metrics name it. */
const OUTCOMES = {
  left: "left",
  "handed-back": "handed_back",
  refused: "refused",
  "put-off": "put_off",
  failed: "failed",
  poison: "poison",
  removed: "removed",
} as const satisfies Readonly<Record<Fate["kind"], string>>;

/** What the log of a job says about a try that did not do the shard. */
const NOTES = {
  left: "left it",
  "handed-back": "handed it back",
  "put-off": "put it off",
  failed: "failed",
  poison: "cannot do it",
  removed: "removed it",
} as const satisfies Readonly<Record<Exclude<Fate["kind"], "refused">, string>>;

/** How a job was taken. */
interface TookJob {
  readonly token: string;
  readonly signal: AbortSignal;
  readonly connection: Promise<QueueConnection>;
}

interface OfferedJob extends TookJob {
  /** What its data say about the shard, if they can be read. */
  readonly offered: OfferedShard | undefined;
}

/** Handles the jobs that the queue delivers, and can stop those in progress. */
export class JobHandler {
  readonly #options: JobHandlerOptions;
  readonly #stops = new Set<(cause: StopCause) => void>();
  #underWay = 0;
  #isStopped = false;
  #onIdle: () => void = () => {};

  constructor(options: JobHandlerOptions) {
    this.#options = options;
  }

  /** Jobs in progress. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Waits until no job is in progress. */
  async idle(): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** Stops the jobs in progress, and those that are still delivered: they are handed back. */
  stopAll(): void {
    this.#isStopped = true;
    for (const stop of [...this.#stops]) stop({ kind: "shutdown" });
  }

  /** Handles one job from start to end. What it throws decides what BullMQ does with the job. */
  async handle(job: ShardJob, took: TookJob): Promise<ShardJobResult> {
    const { policy, onChange } = this.#options;
    const offered = offeredShard(job.data);
    this.#underWay++;
    try {
      if (offered === undefined || policy.admit(offered)) {
        return await this.#done(job, { ...took, offered });
      }
      const error = new DrafterError("REFUSED", "this drafter takes no shards of the run for now");
      throw await this.#end(job, { ...took, error, offered: undefined });
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#onIdle();
      onChange();
    }
  }

  async #done(job: ShardJob, took: OfferedJob): Promise<ShardJobResult> {
    const { metrics, clock } = this.#options;
    const began = clock.now();
    try {
      const result = await this.#work(job, took);
      const outcome = result.created ? "committed" : "found_committed";
      metrics.add("nightbeam.drafter.shards", 1, { outcome });
      if (result.created) {
        metrics.record("nightbeam.drafter.shard.duration", (clock.now() - began) / 1e3);
      }
      if (took.offered !== undefined) this.#options.policy.succeeded(took.offered);
      return result;
    } catch (error) {
      throw await this.#end(job, { ...took, error });
    }
  }

  async #work(job: ShardJob, { signal, offered, connection }: OfferedJob): Promise<ShardJobResult> {
    const { leases, policy, work, metrics } = this.#options;
    const id = job.id ?? "";
    const controller = new AbortController();
    const stop = (cause: StopCause) => controller.abort(new ShardStopped(cause));
    const onAbort = () => stop({ kind: "lock-lost", detail: "the queue aborted the job" });
    signal.addEventListener("abort", onAbort, { once: true });
    const lease = leases.take(id, (detail) => {
      metrics.add("nightbeam.drafter.lock.losses", 1);
      stop({ kind: "lock-lost", detail });
    });
    this.#stops.add(stop);
    let cancelledSignal: RunSignal | undefined;
    try {
      if (this.#isStopped) throw new ShardStopped({ kind: "shutdown" });
      const { cancelled } = await connection;
      return await work({
        id,
        data: job.data,
        attempt: job.attemptsStarted,
        signal: controller.signal,
        traceparent: job.opts.telemetry?.metadata,
        lease,
        cancelled: (runId) => {
          cancelledSignal = cancelled.signal(runId);
          return cancelledSignal;
        },
        stop,
        updateProgress: (progress) => job.updateProgress(progress),
        waitForStore: (reason) => {
          this.#note(job, `waits for the store: ${reason}`);
          if (offered !== undefined && !policy.waitForStore(offered, reason)) {
            stop({ kind: "store-failed", reason });
          }
        },
      });
    } finally {
      cancelledSignal?.release();
      this.#stops.delete(stop);
      lease.release();
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Adds a line to the log of a job, which the scheduler's page shows. It is for people, so a lost one does not matter. */
  #note(job: ShardJob, text: string): void {
    const line = `${new Date().toISOString()} ${this.#options.name} ${text}`;
    job.log(line).catch(() => undefined);
  }

  /** Ends the job of a shard that was not done. @returns the error to throw to BullMQ */
  #end(
    job: ShardJob,
    { token, error, offered }: OfferedJob & { readonly error: unknown },
  ): Promise<Error> {
    const { policy, putOffMs, clock, log, metrics } = this.#options;
    const fate = fateOf(error);
    if (fate.kind !== "refused") this.#note(job, `${NOTES[fate.kind]}: ${messageOf(error)}`);
    metrics.add("nightbeam.drafter.shards", 1, { outcome: OUTCOMES[fate.kind] });
    let verdict: Verdict | undefined;
    if (offered !== undefined) {
      if (fate.kind === "failed") {
        verdict = policy.failed(offered, { blame: fate.blame, reason: messageOf(error) });
      } else policy.undone(offered);
    }
    return endJob({ job, token, error, fate, verdict, putOffMs, clock, log });
  }
}
