/** Every way in which this package fails. Branch on the code; the message is for people. */
export type RunErrorCode =
  /** An option's value is out of range or contradicts another. */
  | "BAD_OPTION"
  /** The submitted request cannot be run; the message names the key. */
  | "BAD_REQUEST"
  /** The location holds something other than a run, or a run that is not planned yet. */
  | "NOT_A_RUN"
  /** The location holds a run that a single machine made; no request belongs to it. */
  | "OUT_TAKEN"
  /** The location holds a run with another plan. */
  | "RUN_DIFFERS"
  /** Another process is working on the run. */
  | "RUN_LOCKED"
  /** The operation is not possible in the state of the run. */
  | "RUN_STATE"
  /** Parts are missing, so the run cannot be finished or read. */
  | "RUN_INCOMPLETE"
  /** Lists cannot be taken from a run: it is incomplete, kept no answers, or has other settings. */
  | "NOT_REUSABLE"
  /** A file of the run contradicts its records. */
  | "RUN_DAMAGED"
  /** A part does not account for exactly the rows that the plan gives it. */
  | "PART_MISMATCH"
  /** A shard does not account for exactly the rows that the plan gives it. */
  | "SHARD_MISMATCH"
  /** A file of the store does not hold what its name promises. */
  | "STORE_DAMAGED";

/** The one error class of this package. The message names the location and the remedy. */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly code: RunErrorCode;

  constructor(code: RunErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
