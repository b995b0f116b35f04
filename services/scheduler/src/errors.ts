/** Every way in which this service refuses; a caller branches on the code, a person reads the message. */
export type SchedulerErrorCode =
  /** No token was given to the process: without one anybody could start runs. */
  | "NO_TOKEN"
  /** A request's body is not what it must be. */
  | "BAD_REQUEST"
  /** A request without the right token. */
  | "UNAUTHORIZED"
  /** A request's body is too large. */
  | "TOO_LARGE"
  /** Nothing is at that address of the API. */
  | "NOT_FOUND"
  | "UNKNOWN_RUN"
  | "UNKNOWN_NIGHT"
  | "UNKNOWN_ROLLOUT"
  /** The scheduler cannot read a path that a request names. */
  | "UNREADABLE_INPUT"
  /** The place where a run shall write holds another run, or something else. */
  | "OUT_TAKEN"
  /** A run is asked for something that its state does not allow. */
  | "RUN_STATE"
  /** A file of the state store is not what its name promises. */
  | "STATE_DAMAGED";

/** The one error of this service. The message names the place and the remedy. */
export class SchedulerError extends Error {
  override readonly name = "SchedulerError";
  readonly code: SchedulerErrorCode;

  constructor(code: SchedulerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
