/** Callers branch on the code; the message is for people. */
export type ControlErrorCode =
  /** The list of NATS servers cannot be parsed. */
  | "BAD_SERVERS"
  /** An address is not host:port. */
  | "BAD_ADDRESS"
  /** The status of a node is invalid and cannot be announced. */
  | "BAD_NODE"
  /** A rollout or its name is invalid. */
  | "BAD_ROLLOUT"
  /** There is no connection to NATS, or it was lost before the answer. */
  | "NOT_CONNECTED"
  /** NATS has no bucket for rollouts: JetStream is off. */
  | "NO_BUCKET"
  /** NATS refused to read or write the bucket; see the cause. */
  | "BUCKET_REFUSED"
  /** The node does not believe that the request is from its cluster. */
  | "DRAIN_REFUSED"
  /** There is no node with that id. */
  | "NO_SUCH_NODE"
  /** The control connection was closed by this process. */
  | "CLOSED";

/** The only error class of this package. The message names the place and the remedy. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
