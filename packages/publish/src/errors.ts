/** Every way in which this package fails. Branch on the code; the message is for people. */
export type PublishErrorCode =
  /** A destination is not of a form that is known, or its name cannot be used there. */
  | "BAD_DESTINATION"
  /** The run is not complete. */
  | "RUN_INCOMPLETE"
  /** A part of the run is not what its manifest names, or has two lists of one user. */
  | "RUN_DAMAGED"
  /** Bytes are not a published list, or a record at the destination cannot be read. */
  | "DAMAGED"
  /** The destination did not answer. Trying again may help, and continues where this try ended. */
  | "UNREACHABLE"
  /** The destination answered, and refused: rights, memory, disk. */
  | "REFUSED"
  /** What was read back is not what was written. Readers still see the version before. */
  | "NOT_VERIFIED"
  /** Readers see the lists of a later run. */
  | "OLDER"
  /** There is no such version, or none before the present one. */
  | "NO_VERSION";

/** The one error class of this package. The message names the place and the remedy. */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly code: PublishErrorCode;

  constructor(code: PublishErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
