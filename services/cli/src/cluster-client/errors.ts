export type ClusterErrorCode =
  /** No server answers at the scheduler's address. */
  | "UNREACHABLE"
  /** The server there is not a scheduler, or one of another version. */
  | "NOT_A_SCHEDULER"
  /** The token is missing or wrong, or its role does not allow the request. */
  | "WRONG_TOKEN"
  /** The scheduler refused the request; the message is the scheduler's. */
  | "REFUSED";

/** An error of a call to the scheduler. The message says what to do. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly code: ClusterErrorCode;

  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
