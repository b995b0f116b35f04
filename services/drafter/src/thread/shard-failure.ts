import type { Failure } from "./messages.js";

/** A shard that failed in the decode thread, on the main thread. */
export class ShardFailure extends Error {
  override readonly name = "ShardFailure";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}
