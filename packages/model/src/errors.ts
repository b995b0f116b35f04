export type ModelErrorCode =
  /** A file of the checkpoint is not there or cannot be read. */
  | "MISSING_FILE"
  /** A file of the checkpoint is not what it should be. */
  | "BAD_CHECKPOINT"
  /** The checkpoint is sound, but of a kind that Nightbeam cannot run. */
  | "UNSUPPORTED"
  /** `nightbeam.json` is missing something, or says what cannot be. */
  | "BAD_PROMPT_SPEC"
  /** The model and the catalogue do not belong together. */
  | "CATALOGUE_MISMATCH"
  /** A prompt is longer than the model or the runtime's limit allows. */
  | "PROMPT_TOO_LONG"
  /** onnxruntime could not load or run the graph. */
  | "RUNTIME"
  /** The queue before the model is full. */
  | "BUSY"
  /** The model was closed while work was waiting for it. */
  | "CLOSED";

/** What goes wrong at the border to a model: its files, its prompts, its runtime. Recognise it by `code`. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
