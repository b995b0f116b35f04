export type SettingsErrorCode =
  /** A draft's name lacks its path, or its path names no file or directory. */
  | "BAD_DRAFT"
  /** Settings about drawing lists contradict each other. */
  | "BAD_VERIFICATION"
  /** What was submitted cannot be run; the message says which key. */
  | "BAD_REQUEST";

/** Settings that cannot be used together, or at all. The message names the key and the remedy. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly code: SettingsErrorCode;

  constructor(code: SettingsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
