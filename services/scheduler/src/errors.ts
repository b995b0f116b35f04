/** Clients branch on the code; the message is for people. */
export type SchedulerErrorCode =
  /** The scheduler was started without a token. */
  | "NO_TOKEN"
  /** The body of a request is invalid. */
  | "BAD_REQUEST"
  /** A request without the right token. */
  | "UNAUTHORIZED"
  /** The role of the token does not allow the request. */
  | "FORBIDDEN"
  /** The body of a request is too large. */
  | "TOO_LARGE"
  /** The API has no such path. */
  | "NOT_FOUND"
  | "UNKNOWN_RUN"
  | "UNKNOWN_NIGHT"
  | "UNKNOWN_ROLLOUT"
  /** The scheduler cannot read a path that a request names. */
  | "UNREADABLE_INPUT"
  /** The output location of a run does not answer. */
  | "OUT_SILENT"
  /** What was asked for could not be counted or found in time. */
  | "TOO_SLOW"
  /** Planning of a run made no progress for too long. */
  | "PLANNING_STUCK"
  /** The output location of a run contains another run, or other files. */
  | "OUT_TAKEN"
  /** The scheduler has no connection to nodes. */
  | "NO_NATS"
  /** The run has no such shard. */
  | "UNKNOWN_SHARD"
  /** The run has no such user. */
  | "UNKNOWN_USER"
  /** The state of the run does not allow this. */
  | "RUN_STATE"
  /** A file of the state store is invalid. */
  | "STATE_DAMAGED";

/** The only error class of this service. The message names the place and the remedy. */
export class SchedulerError extends Error {
  override readonly name = "SchedulerError";
  readonly code: SchedulerErrorCode;

  constructor(code: SchedulerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
