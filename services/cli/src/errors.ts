import { CatalogueError } from "@nightbeam/catalogue";
import { DatasetError } from "@nightbeam/dataset";
import { DecodingError } from "@nightbeam/decoding";
import { ModelError } from "@nightbeam/model";
import { RecommendError } from "@nightbeam/recommend";

export type UsageErrorCode =
  /** An option is missing, unknown or outside its range. */
  | "BAD_OPTION"
  /** The config file cannot be read or says what cannot be. */
  | "BAD_CONFIG";

/** What a person typed cannot be done. The message names the option and the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Errors that are about the user's files and options: their message is all that a person needs. */
const EXPECTED = [
  UsageError,
  DatasetError,
  ModelError,
  CatalogueError,
  DecodingError,
  RecommendError,
];

/** How an error is told on the terminal: expected ones by their message, others with their stack. */
export function explain(error: unknown): string {
  const expected = EXPECTED.some((kind) => error instanceof kind);
  if (expected && error instanceof Error) return `error: ${error.message}`;
  // From the operating system, about a path that the message names.
  if (error instanceof Error && "syscall" in error)
    return `error: ${error.message}. Check the path, this user's rights and the room on the disk.`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this should not have happened; please report it with what follows\n${stack}`;
}
