import type { DrafterReport, NodeFault, ShardJobData } from "@nightbeam/queue";
import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { Blame } from "./blame.js";
import { troubleFaults } from "./faults.js";
import { Peers } from "./peers.js";
import { RedisTrouble } from "./redis-trouble.js";
import { Standing } from "./standing.js";
import { DEFAULT_PAUSES, type Pauses, type Trouble } from "./trouble.js";
import { isConfirmed, isLeftToOthers, judgeFailure, type Verdict } from "./verdict.js";

export interface ShardPolicyOptions {
  /** The name of this drafter. */
  readonly node: string;
  /** Failures in a row after which shards of a run are no longer taken. */
  readonly maxFailures: number;
  /** How long trouble of the store or of verifiers is waited out before shards fail, in runs that are never due. */
  readonly waitOutMs: number;
  /** How long a shard that failed here waits for another drafter before it fails for good. */
  readonly otherNodeMs: number;
  /** Whether a verifier is known. */
  readonly hasVerifiers: () => boolean;
  /** How long runs with trouble are left alone. Default: `DEFAULT_PAUSES`. */
  readonly pauses?: Pauses | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** A run whose due time is over is not given up at the first trouble. */
const MIN_WAIT_OUT_MS = 600_000;

/** What a shard's job says about it, as far as a policy needs it. */
export type OfferedShard = Pick<
  ShardJobData,
  "runId" | "index" | "location" | "failures" | "dueAt"
>;

/**
 * Decides which shards this drafter takes, whether it takes any, and what becomes of those that fail, so that neither
 * a fault of this node nor passing trouble of what it depends on fails a shard.
 */
export class ShardPolicy {
  readonly #options: ShardPolicyOptions;
  readonly #peers: Peers;
  readonly #standing: Standing;
  readonly #redis: RedisTrouble;
  /** A shard of each run with trouble, for where the run is stored and when it is due. */
  readonly #troubled = new Map<string, OfferedShard>();
  /** What to add to this machine's time for that of Redis. */
  #redisAheadMs = 0;
  #underWay = 0;
  /** Since when no verifier is known, as of the last look at the faults. */
  #blindSince: number | undefined;

  constructor(options: ShardPolicyOptions) {
    const { node, clock, random = Math.random, pauses = DEFAULT_PAUSES } = options;
    this.#options = options;
    this.#peers = new Peers({ clock, name: node });
    this.#redis = new RedisTrouble({ clock, random });
    const aloneMs = (runId: string) => this.#peers.aloneMs(runId);
    const waitsUntil = (runId: string, since: number) => this.#waitsUntil(runId, since);
    this.#standing = new Standing({ ...options, random, pauses, aloneMs, waitsUntil });
  }

  /** Whether to take a shard that the queue offers; otherwise it has to be put back untouched. */
  admit({ runId, failures }: OfferedShard): boolean {
    const { node } = this.#options;
    const aloneMs = this.#peers.aloneMs(runId);
    if (isLeftToOthers(failures, { node, now: Date.now(), aloneMs })) {
      this.#standing.refused();
      return false;
    }
    const admitted = this.#standing.admit(runId);
    if (admitted) this.#underWay++;
    return admitted;
  }

  succeeded({ runId }: OfferedShard): void {
    this.#underWay--;
    const ended = this.#standing.succeeded(runId);
    this.#troubled.delete(runId);
    if (ended === undefined) return;
    const { blame, failures } = ended;
    this.#options.log.info(
      { run: runId, blame, failures },
      "a shard of the run is done; taking its shards again",
    );
  }

  /** Records that a shard ended without an answer to whether this drafter can do it. */
  undone({ runId }: OfferedShard): void {
    this.#underWay--;
    this.#standing.undone(runId);
  }

  /**
   * Records that a shard in progress waits for the store.
   *
   * @returns false if this has lasted for as long as it is waited out
   */
  waitForStore(shard: OfferedShard, reason: string): boolean {
    const { runId } = shard;
    this.#troubled.set(runId, shard);
    const stopped = this.#standing.failed(runId, { blame: "store", reason });
    if (stopped !== undefined) this.#logStop(runId, stopped);
    return !this.#standing.isOverdue(runId);
  }

  failed(shard: OfferedShard, { blame, reason }: { blame: Blame; reason: string }): Verdict {
    const { node, otherNodeMs, random = Math.random } = this.#options;
    const { runId, index, failures = [] } = shard;
    this.#underWay--;
    if (blame !== "shard" || !isConfirmed(failures, node)) {
      this.#troubled.set(runId, shard);
      const stopped = this.#standing.failed(runId, { blame, reason });
      if (stopped !== undefined) this.#logStop(runId, stopped);
    } else {
      this.#standing.undone(runId);
    }
    const aloneMs = this.#peers.aloneMs(runId);
    const isOverdue =
      blame === "store" || blame === "verifiers"
        ? this.#standing.isOverdue(runId)
        : aloneMs >= otherNodeMs;
    const now = Date.now();
    return judgeFailure({
      ...{ node, index, blame, reason, failures, aloneMs, isOverdue },
      ...{ now, random: random() },
    });
  }

  /** Records that Redis refused a command. */
  redisRefused(reason: string): void {
    if (this.#redis.refused(reason)) {
      this.#options.log.warn(
        { reason },
        "Redis refuses commands; taking shards again when it does not",
      );
    }
  }

  /** Records that Redis stored something, and who else is alive. */
  redisAnswered({ live, now }: DrafterReport): void {
    this.#redisAheadMs = now - Date.now();
    if (this.#redis.accepted()) this.#options.log.info({}, "Redis takes commands again");
    this.#peers.update(live);
    this.#standing.forgetEnded();
  }

  /** For how long no shard should be taken. 0: take shards; Infinity: until something changes. */
  get holdMs(): number {
    if (this.isBlind) return Number.POSITIVE_INFINITY;
    return Math.max(this.#standing.holdMs, this.#redis.holdMs);
  }

  /** Runs whose shards are not taken. */
  get refuses(): readonly string[] {
    return this.#standing.stopped.map(({ runId }) => runId);
  }

  /** Whether no shard is taken because no verifier is known. */
  get isBlind(): boolean {
    return !this.#options.hasVerifiers();
  }

  /** Why no shard is taken, a sentence each; empty if shards are taken. */
  get reasons(): readonly string[] {
    const redis = this.#redis.reason;
    const stopped = this.#underWay > 0 ? [] : this.#standing.stopped;
    return [
      ...(this.isBlind ? ["no verifier is known"] : []),
      ...(redis === undefined ? [] : [`Redis refuses commands: ${redis}`]),
      ...stopped.map(({ runId, reason }) => `takes no shards of run ${runId}: ${reason}`),
    ];
  }

  /** Returns the faults that stand now. To be called every few seconds. */
  faults(): readonly NodeFault[] {
    const { node, clock } = this.#options;
    const now = { clock: clock.now(), epoch: Date.now() };
    const locationOf = (runId: string) => this.#troubled.get(runId)?.location ?? runId;
    this.#blindSince = this.isBlind ? (this.#blindSince ?? now.clock) : undefined;
    const { stopped } = this.#standing;
    return troubleFaults({ node, stopped, blindSince: this.#blindSince, now, locationOf });
  }

  /** Until the run is due; without a due time, or shortly before and after it, for a fixed time. */
  #waitsUntil(runId: string, since: number): number {
    const { waitOutMs, clock } = this.#options;
    const dueAt = this.#troubled.get(runId)?.dueAt;
    if (dueAt === undefined) return since + waitOutMs;
    const leftMs = Date.parse(dueAt) - (Date.now() + this.#redisAheadMs);
    return Math.max(clock.now() + leftMs, since + Math.min(waitOutMs, MIN_WAIT_OUT_MS));
  }

  #logStop(runId: string, { blame, failures, reason }: Trouble): void {
    this.#options.log.error(
      { run: runId, blame, failures, reason },
      "taking no more shards of this run for now",
    );
  }
}
