import type { CatalogueError } from "@nightbeam/catalogue";
import type { ControlError } from "@nightbeam/control";
import type { DatasetError } from "@nightbeam/dataset";
import type { DecodingError } from "@nightbeam/decoding";
import type { DrafterError } from "@nightbeam/drafter";
import type { ModelError } from "@nightbeam/model";
import type { RecommendError } from "@nightbeam/recommend";
import type { RunError } from "@nightbeam/run";
import type { SchedulerError } from "@nightbeam/scheduler";
import type { UsageError } from "@nightbeam/service";
import type { SettingsError } from "@nightbeam/settings";
import type { VerifierError } from "@nightbeam/verifier";
import type { ClusterError } from "./cluster-client/errors.js";

type ExpectedError =
  | CatalogueError
  | ClusterError
  | ControlError
  | DatasetError
  | DecodingError
  | DrafterError
  | ModelError
  | RecommendError
  | RunError
  | SchedulerError
  | SettingsError
  | UsageError
  | VerifierError;

/** Of packages that the CLI does not depend on itself. */
type IndirectErrorName = "ProtocolError" | "QueueError" | "StoreError";

/**
 * Errors about the user's files, options and servers: their message is all that the user needs. They
 * are recognised by name, because importing the classes would load the libraries of all packages.
 */
const EXPECTED: Readonly<Record<ExpectedError["name"] | IndirectErrorName, true>> = {
  CatalogueError: true,
  ClusterError: true,
  ControlError: true,
  DatasetError: true,
  DecodingError: true,
  DrafterError: true,
  ModelError: true,
  ProtocolError: true,
  QueueError: true,
  RecommendError: true,
  RunError: true,
  SchedulerError: true,
  SettingsError: true,
  StoreError: true,
  UsageError: true,
  VerifierError: true,
};

/** How an error is told on the terminal: expected ones by their message, others with their stack. */
export function explain(error: unknown): string {
  if (isExpected(error)) return `error: ${error.message}`;
  // From the operating system, about a path that the message names.
  if (error instanceof Error && "syscall" in error)
    return `error: ${error.message}. Check the path, this user's rights and the room on the disk.`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this should not have happened; please report it with what follows\n${stack}`;
}

/** Each package has one error class, whose codes are words. */
function isExpected(error: unknown): error is Error {
  const hasCode = error instanceof Error && "code" in error && typeof error.code === "string";
  return hasCode && Object.hasOwn(EXPECTED, error.name);
}
