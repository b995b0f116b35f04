import { DrafterError } from "../errors.js";

/** Why a shard was stopped before it was done. */
export type StopCause =
  /** Another drafter has the shard, or will have it. */
  | { readonly kind: "lock-lost"; readonly detail: string }
  /** The job took longer than a shard may. */
  | { readonly kind: "timeout"; readonly timeoutMs: number }
  /** The run was cancelled. */
  | { readonly kind: "cancelled" }
  /** The store did not take its lists for as long as that is waited out. */
  | { readonly kind: "store-failed"; readonly reason: string }
  /** This drafter is stopping. */
  | { readonly kind: "shutdown" };

/** The reason with which the work on a shard is aborted. */
export class ShardStopped extends DrafterError {
  readonly stop: StopCause;

  constructor(stop: StopCause) {
    super(CODES[stop.kind], messageOf(stop));
    this.stop = stop;
  }
}

const CODES = {
  "lock-lost": "ABORTED",
  timeout: "TIMED_OUT",
  cancelled: "CANCELLED",
  "store-failed": "ABORTED",
  shutdown: "ABORTED",
} as const;

function messageOf(stop: StopCause): string {
  switch (stop.kind) {
    case "lock-lost":
      return `the shard's lock is lost: ${stop.detail}`;
    case "timeout":
      return (
        `the shard was not done within ${stop.timeoutMs / 1_000} s. Make the shards of the run ` +
        "smaller, or add verifiers."
      );
    case "cancelled":
      return "the run was cancelled";
    case "store-failed":
      return stop.reason;
    case "shutdown":
      return "this drafter is stopping; another one takes the shard";
    default:
      return stop satisfies never;
  }
}
