import type { Verdict } from "./verdict.js";

/** A try at a call failed. Seen only within the client, which decides what becomes of the call. */
export class TryFailed extends Error {
  override readonly name = "TryFailed";
  readonly verdict: Verdict;

  constructor(verdict: Verdict, message: string, cause?: unknown) {
    super(message, { cause });
    this.verdict = verdict;
  }
}
