import { QueueError } from "@nightbeam/queue";
import { StoreError } from "@nightbeam/store";
import { DrafterError } from "../errors.js";
import { ShardStopped } from "../shard/stop.js";
import type { Blame } from "../standing/blame.js";
import { ShardFailure } from "../thread/decode-thread.js";

/** What happens to the job of a shard that was not done. */
export type Fate =
  /** Nothing: another drafter has the job, or will have it. */
  | { readonly kind: "left" }
  /** Any drafter may take it at once. */
  | { readonly kind: "handed-back" }
  /** It was not taken; it is in the queue again after a moment. */
  | { readonly kind: "refused" }
  /** It is retried after a delay, without counting a failure. */
  | { readonly kind: "put-off" }
  /** It is retried by this node or another one, unless it has failed often enough. */
  | { readonly kind: "failed"; readonly blame: Blame }
  /** It fails permanently: its data can never be used. */
  | { readonly kind: "poison" }
  /** It fails permanently and is removed from the queue: its run was cancelled. */
  | { readonly kind: "removed" };

export function fateOf(error: unknown): Fate {
  if (error instanceof ShardStopped) return fateOfStopped(error);
  if (error instanceof ShardFailure) {
    const { blame } = error.failure;
    return blame === "stopped" ? { kind: "put-off" } : { kind: "failed", blame };
  }
  if (error instanceof QueueError && error.code === "BAD_JOB") return { kind: "poison" };
  if (error instanceof QueueError && error.code === "NEWER_JOB") {
    return { kind: "failed", blame: "version" };
  }
  if (error instanceof StoreError && error.code === "STORE_FAILED") {
    return { kind: "failed", blame: "store" };
  }
  if (error instanceof DrafterError) {
    if (error.code === "CLOSED") return { kind: "handed-back" };
    if (error.code === "REFUSED") return { kind: "refused" };
    if (error.code === "THREAD_LOST") return { kind: "put-off" };
    if (error.code === "THREAD_DIED") return { kind: "failed", blame: "node" };
  }
  return { kind: "failed", blame: "shard" };
}

function fateOfStopped({ stop }: ShardStopped): Fate {
  switch (stop.kind) {
    case "lock-lost":
      return { kind: "left" };
    case "shutdown":
      return { kind: "handed-back" };
    case "cancelled":
      return { kind: "removed" };
    case "store-failed":
      return { kind: "failed", blame: "store" };
    case "timeout":
      return { kind: "failed", blame: "shard" };
    default:
      return stop satisfies never;
  }
}
