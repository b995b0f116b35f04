export type ClusterErrorCode =
  /** Nothing answers at the scheduler's address. */
  | "UNREACHABLE"
  /** Something answers there that is no scheduler, or one of another version. */
  | "NOT_A_SCHEDULER"
  /** No token was given, or not the scheduler's. */
  | "WRONG_TOKEN"
  /** The scheduler says no; its message says why. */
  | "REFUSED";

/** What goes wrong between a command and the scheduler. The message is all that a person needs. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
