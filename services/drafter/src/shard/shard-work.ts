import { JOBS, parseJob, type ShardJobData, type ShardJobResult } from "@nightbeam/queue";
import type { PartRecord } from "@nightbeam/run";
import type { Clock } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Tracing } from "@nightbeam/telemetry";
import { type Fate, fateOf } from "../jobs/fate.js";
import type { TakenShard } from "../jobs/job-handler.js";
import type { OpenRunStore, RunStore, WrittenShard } from "../run-store.js";
import type { DecodeThread } from "../thread/decode-thread.js";
import type { ShardProgress } from "../thread/messages.js";
import { isEnded, nextShardState, type ShardEvent, type ShardState } from "./shard-state.js";
import { ShardStopped } from "./stop.js";
import { Suspects } from "./suspects.js";
import { waitOut } from "./wait-out.js";

export interface ShardWorkOptions {
  /** The drafter's name, for commit records. */
  readonly name: string;
  readonly openStore: OpenRunStore;
  readonly thread: Pick<DecodeThread, "decode">;
  readonly clock: Clock;
  readonly tracing: Tracing;
  readonly log: Log;
  /** Time limit of a shard. Default: that of the job catalogue. */
  readonly timeoutMs?: number | undefined;
}

/** Minimum interval between progress updates in Redis. */
const PROGRESS_MS = 1_000;

const EVENTS: Readonly<Record<Fate["kind"], ShardEvent>> = {
  left: "aborted",
  removed: "aborted",
  "handed-back": "put-back",
  "put-off": "put-back",
  refused: "put-back",
  failed: "failed",
  poison: "failed",
};

interface UnderWay {
  readonly shard: TakenShard;
  /** Ends the time limit. */
  readonly endTimeout: () => void;
  readonly data: ShardJobData;
  readonly log: Log;
  state: ShardState;
  progress: ShardProgress;
}

/** Takes shards from job to commit. Runs on the thread that renews locks, so no step here is heavy. */
export class ShardWork {
  readonly #options: ShardWorkOptions;
  readonly #underWay = new Set<UnderWay>();
  readonly #suspects = new Suspects();

  constructor(options: ShardWorkOptions) {
    this.#options = options;
  }

  /** Users of the shards in progress that have no list yet. */
  get usersInFlight(): number {
    let users = 0;
    for (const { data, progress } of this.#underWay) users += data.rows - progress.users;
    return users;
  }

  /**
   * Takes a shard from its job to its commit.
   *
   * @throws ShardStopped, ShardFailure, DrafterError, QueueError, StoreError; `fateOf` maps them to what happens
   * to the job
   */
  async run(shard: TakenShard): Promise<ShardJobResult> {
    const data = parseJob("shard", shard.data);
    const { timeoutMs = JOBS.shard.timeoutMs, clock } = this.#options;
    const one: UnderWay = {
      shard,
      endTimeout: clock.after(timeoutMs, () => shard.stop({ kind: "timeout", timeoutMs })),
      data,
      log: this.#options.log.child({ run: data.runId, shard: data.index, attempt: shard.attempt }),
      state: "taken",
      progress: { users: 0, searches: 0, calls: 0, nodes: 0 },
    };
    this.#underWay.add(one);
    const cancelled = shard.cancelled(data.runId).signal;
    const onCancelled = () => shard.stop({ kind: "cancelled" });
    if (cancelled.aborted) onCancelled();
    cancelled.addEventListener("abort", onCancelled, { once: true });
    const { runId, index, rows } = data;
    const attributes = {
      ...{ "nightbeam.run": runId, "nightbeam.shard": index, "nightbeam.users": rows },
      "nightbeam.attempt": shard.attempt,
    };
    const traced = { kind: "consumer", parent: shard.traceparent, attributes } as const;
    try {
      return await this.#options.tracing.within("shard", traced, () =>
        this.#toCommit(one, Date.now() + timeoutMs),
      );
    } catch (error) {
      throw this.#fail(one, error);
    } finally {
      one.endTimeout();
      cancelled.removeEventListener("abort", onCancelled);
      this.#underWay.delete(one);
    }
  }

  async #toCommit(one: UnderWay, deadline: number): Promise<ShardJobResult> {
    const { shard, data } = one;
    shard.signal.throwIfAborted();
    const store = await this.#options.openStore(data.location);
    try {
      return await this.#withStore(one, { store, deadline });
    } finally {
      store.close();
    }
  }

  async #withStore(
    one: UnderWay,
    { store, deadline }: { store: RunStore; deadline: number },
  ): Promise<ShardJobResult> {
    const { shard, data } = one;
    const { runId, location, index, rows } = data;
    const { signal, attempt } = shard;
    const before = await store.committed(index);
    if (before !== undefined) {
      this.#move(one, "found-committed");
      return resultOf(before, false);
    }
    this.#move(one, "started");
    const { tracing } = this.#options;
    const traceparent = tracing.current;
    const order = { runId, location, index, rows, attempt, deadline, traceparent };
    const onProgress = this.#progressOf(one);
    const onWait = (reason: string) => this.#waits(one, reason);
    const written = await this.#suspects.pass(shard, () =>
      this.#options.thread.decode(order, { signal, onProgress, onWait }),
    );
    this.#move(one, "written");
    return this.#commit(one, { store, written });
  }

  async #commit(
    one: UnderWay,
    { store, written }: { store: RunStore; written: WrittenShard },
  ): Promise<ShardJobResult> {
    const { shard, log } = one;
    try {
      shard.signal.throwIfAborted();
      if (!shard.lease.isHeld) {
        throw new ShardStopped({ kind: "lock-lost", detail: "it expired before the commit" });
      }
    } catch (error) {
      await store.discard(written).catch(() => undefined);
      throw error;
    }
    const { name: drafter } = this.#options;
    const committedAt = new Date().toISOString();
    // From here on the record may exist, even if an answer got lost, so the files stay.
    const { tracing, clock } = this.#options;
    const { created, record, same } = await tracing.within("commit shard", {}, () =>
      waitOut(
        () => this.#tryCommit(one, { store, written: { ...written, drafter, committedAt } }),
        {
          signal: shard.signal,
          onTrouble: (reason) => this.#waits(one, reason),
          clock,
        },
      ),
    );
    this.#move(one, "committed");
    if (!same) {
      log.error(
        { committed: record.sha256, ours: written.sha256 },
        "non-deterministic: another attempt at this shard committed a different file",
      );
    }
    this.#move(one, "finished");
    const { rowCount, rows: lists, rejected, stats } = record;
    const { searches, targetCalls: calls } = stats;
    log.info({ rows: rowCount, lists, rejected, searches, calls, created }, "a shard is committed");
    return resultOf(record, created);
  }

  /** @throws ShardStopped if the lock was lost since the last try; StoreError */
  #tryCommit(
    { shard }: UnderWay,
    { store, written }: { store: RunStore; written: WrittenShard },
  ): ReturnType<RunStore["commit"]> {
    if (shard.lease.isHeld) return store.commit(written);
    throw new ShardStopped({ kind: "lock-lost", detail: "it expired before the commit" });
  }

  /** The store takes no lists: the shard keeps its lock, and the time limit, which is for the work, has ended. */
  #waits({ shard, endTimeout, log }: UnderWay, reason: string): void {
    endTimeout();
    log.warn({ reason }, "the lists of a shard wait for the store");
    shard.waitForStore(reason);
  }

  #progressOf(one: UnderWay): (progress: ShardProgress) => void {
    let lastReportedAt = Number.NEGATIVE_INFINITY;
    return (progress) => {
      one.progress = progress;
      const now = this.#options.clock.now();
      if (now - lastReportedAt < PROGRESS_MS) return;
      lastReportedAt = now;
      // Progress is only for display, so a lost update does not matter.
      one.shard.updateProgress({ ...progress }).catch(() => undefined);
    };
  }

  #fail(one: UnderWay, thrown: unknown): unknown {
    // If the shard was stopped during a step, the stop counts, not the error of the step.
    const { signal } = one.shard;
    const error = signal.aborted && one.state !== "committed" ? signal.reason : thrown;
    const fate = fateOf(error);
    if (!isEnded(one.state) && one.state !== "committed") this.#move(one, EVENTS[fate.kind]);
    const level = fate.kind === "failed" || fate.kind === "poison" ? "error" : "warn";
    const blame = fate.kind === "failed" ? { blame: fate.blame } : {};
    one.log[level]({ fate: fate.kind, ...blame, reason: reasonOf(error) }, "a shard was not done");
    return error;
  }

  #move(one: UnderWay, event: ShardEvent): void {
    one.state = nextShardState(one.state, event);
    one.log.debug({ state: one.state }, "shard");
  }
}

function resultOf(record: PartRecord, created: boolean): ShardJobResult {
  const { index, rowCount, sha256 } = record;
  return { index, created, rows: rowCount, sha256 };
}
