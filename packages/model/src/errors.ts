export type ModelErrorCode =
  /** A file of the checkpoint is missing or cannot be read. */
  | "MISSING_FILE"
  /** A file of the checkpoint is malformed. */
  | "BAD_CHECKPOINT"
  /** The checkpoint is valid, but of a kind that Nightbeam cannot run. */
  | "UNSUPPORTED"
  /** `nightbeam.json` is incomplete or contradicts the checkpoint. */
  | "BAD_PROMPT_SPEC"
  /** A user's name has no token by the rule in `nightbeam.json`. */
  | "BAD_USER"
  /** The model has no tokens for the codes of the catalogue. */
  | "CATALOGUE_MISMATCH"
  /** A prompt is longer than the model or the runtime's limit allows. */
  | "PROMPT_TOO_LONG"
  /** The model needs more memory than the device has. */
  | "TOO_LARGE"
  /** onnxruntime could not load or run the graph. */
  | "RUNTIME"
  /** The model's queue is full. */
  | "BUSY"
  /** The model is closed. */
  | "CLOSED";

/** An error of a model: its files, its prompts, its runtime. Branch on `code`. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
