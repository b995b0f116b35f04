/** Every way in which this package refuses. Callers branch on the code; the message is for people. */
export type RunErrorCode =
  /** An option's value is out of range or contradicts another. */
  | "BAD_OPTION"
  /** What was submitted cannot be run; the message says which key. */
  | "BAD_REQUEST"
  /** The place holds something other than a run, or a run that has not been planned yet. */
  | "NOT_A_RUN"
  /** The place holds a run that one machine made, which no request belongs to. */
  | "OUT_TAKEN"
  /** The place holds a run with another plan. */
  | "RUN_DIFFERS"
  /** Another process works on the run. */
  | "RUN_LOCKED"
  /** What is asked of the run does not fit the state that it is in. */
  | "RUN_STATE"
  /** Parts are missing, so the run cannot be finished or read. */
  | "RUN_INCOMPLETE"
  /** A file of the run contradicts its records. */
  | "RUN_DAMAGED"
  /** A part does not account for exactly the rows that the plan gives it. */
  | "PART_MISMATCH"
  /** A shard does not account for exactly the rows that the plan gives it. */
  | "SHARD_MISMATCH"
  /** A file of the store is not what its name promises. */
  | "STORE_DAMAGED";

/** The one error of this package. The message names the place and the remedy. */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly code: RunErrorCode;

  constructor(code: RunErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
