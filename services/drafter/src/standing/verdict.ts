import { JOBS, type ShardFailureRecord } from "@nightbeam/queue";
import type { Blame } from "./blame.js";

/** A failure of a shard on this node, with what is known about its failures so far. */
export interface FailedTry {
  readonly node: string;
  readonly index: number;
  readonly blame: Blame;
  readonly reason: string;
  /** Earlier failures, as the job has them. */
  readonly failures: readonly ShardFailureRecord[];
  /** Whether trouble of the store or of verifiers, or the time without another drafter, has lasted long enough. */
  readonly isOverdue: boolean;
  /** How long no other drafter could take the shard. 0: there is one. */
  readonly aloneMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
  /** 0 to 1, without 1. */
  readonly random: number;
}

/** What becomes of a shard that failed. */
export type Verdict =
  /** It fails for good, with this message. */
  | { readonly kind: "final"; readonly message: string }
  /** It is retried after a delay, by this node or another one. */
  | {
      readonly kind: "again";
      readonly delayMs: number;
      readonly failures: readonly ShardFailureRecord[];
    };

const { attempts: ATTEMPTS, backoffMs: BACKOFF_MS } = JOBS.shard;
const MAX_DELAY_MS = 60_000;
/** A shard that another node shall take is in the queue again after this. */
const LEFT_MS = 1_000;
/** This node leaves a shard that it failed at to others for this long. */
const SKIP_MS = 60_000;
/** Nodes that a job remembers. */
const MAX_NODES = 16;
const MAX_REASON = 1_000;

/**
 * Decides whether a shard is retried. It fails for good
 *
 * - after two nodes found the fault in the shard;
 * - after twice the attempts of a job, on at least two nodes;
 * - if no other drafter could take it for the configured time, after the attempts of a job on this one;
 * - because of the store or of verifiers, after their trouble was waited out.
 */
export function judgeFailure(failed: FailedTry): Verdict {
  const { blame, isOverdue, reason } = failed;
  if (blame === "store" || blame === "verifiers") {
    if (isOverdue) return { kind: "final", message: reason };
    return {
      kind: "again",
      delayMs: jittered(BACKOFF_MS, failed.random),
      failures: failed.failures,
    };
  }
  const failures = withFailure(failed.failures, { ...failed, blame });
  if (isFinal(failures, failed)) return { kind: "final", message: describe(failures, failed) };
  return { kind: "again", delayMs: delayOf(failures, failed), failures };
}

/** Whether this node leaves the shard to another one for now. */
export function isLeftToOthers(
  failures: readonly ShardFailureRecord[] | undefined,
  { node, now, aloneMs }: { readonly node: string; readonly now: number; readonly aloneMs: number },
): boolean {
  const own = failures?.find((one) => one.node === node);
  return own !== undefined && aloneMs === 0 && now - own.at < SKIP_MS;
}

/** Whether another node found the fault in the shard as well, so that a failure here says nothing about this node. */
export function isConfirmed(failures: readonly ShardFailureRecord[], node: string): boolean {
  return failures.some((one) => one.node !== node && one.blame === "shard");
}

function withFailure(
  failures: readonly ShardFailureRecord[],
  {
    node,
    blame,
    reason,
    now,
  }: Pick<FailedTry, "node" | "reason" | "now"> & Pick<ShardFailureRecord, "blame">,
): readonly ShardFailureRecord[] {
  const own = failures.find((one) => one.node === node);
  const others = failures.filter((one) => one !== own);
  const times = (own?.times ?? 0) + 1;
  return [
    ...others.slice(1 - MAX_NODES),
    { node, blame, reason: reason.slice(0, MAX_REASON), times, at: now },
  ];
}

function isFinal(failures: readonly ShardFailureRecord[], { node, isOverdue }: FailedTry): boolean {
  const ofShard = failures.filter(({ blame }) => blame === "shard");
  if (ofShard.length >= 2) return true;
  const counted = failures.filter(({ blame }) => blame !== "version");
  const total = counted.reduce((sum, { times }) => sum + times, 0);
  if (counted.length >= 2 && total >= 2 * ATTEMPTS) return true;
  const own = failures.find((one) => one.node === node);
  return isOverdue && (own?.times ?? 0) >= ATTEMPTS;
}

function delayOf(
  failures: readonly ShardFailureRecord[],
  { node, aloneMs, random }: FailedTry,
): number {
  if (aloneMs === 0) return LEFT_MS;
  const times = failures.find((one) => one.node === node)?.times ?? 1;
  return jittered(Math.min(MAX_DELAY_MS, BACKOFF_MS * 2 ** (times - 1)), random);
}

/** Half of the delay is random. */
function jittered(delayMs: number, random: number): number {
  return Math.round(delayMs * (0.5 + random / 2));
}

/** Names the nodes, the last one first. */
function describe(failures: readonly ShardFailureRecord[], { index, aloneMs }: FailedTry): string {
  const nodes = failures.toReversed();
  const [only, ...others] = nodes;
  const named = nodes.map(({ node, times, reason }) => `${node}${often(times)}: ${reason}`);
  if (only === undefined || others.length > 0) {
    return `shard ${index} failed on ${nodes.length} nodes. ${named.join(" ")}`;
  }
  const alone = `no other drafter could take it for ${Math.round(aloneMs / 1_000)} s`;
  return `shard ${index} failed on ${only.node}${often(only.times)}, and ${alone}: ${only.reason}`;
}

function often(times: number): string {
  return times === 1 ? "" : ` (${times} times)`;
}
