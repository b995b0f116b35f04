/** Every way in which this package refuses; a caller branches on the code, a person reads the message. */
export type ControlErrorCode =
  /** The list of NATS servers cannot be read. */
  | "BAD_SERVERS"
  /** An address is not host:port. */
  | "BAD_ADDRESS"
  /** What a node says about itself cannot be announced. */
  | "BAD_NODE"
  /** A rollout, or its name, is not what the bucket may hold. */
  | "BAD_ROLLOUT"
  /** NATS is away, or went away before it answered. */
  | "NOT_CONNECTED"
  /** NATS is there, but the bucket of rollouts cannot be had: JetStream is off. */
  | "NO_BUCKET"
  /** NATS refused to read or write the bucket; the cause says why. */
  | "BUCKET_REFUSED"
  /** No node with that id listens. */
  | "NO_SUCH_NODE"
  /** The control connection was closed by this process. */
  | "CLOSED";

/** The one error of this package. The message names the place and the remedy. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
