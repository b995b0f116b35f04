import type { CatalogueError } from "@nightbeam/catalogue";
import type { ControlError } from "@nightbeam/control";
import type { DatasetError } from "@nightbeam/dataset";
import type { DecodingError } from "@nightbeam/decoding";
import type { DrafterError } from "@nightbeam/drafter";
import type { ModelError } from "@nightbeam/model";
import type { PublishError } from "@nightbeam/publish";
import type { RecommendError } from "@nightbeam/recommend";
import type { RunError } from "@nightbeam/run";
import type { SchedulerError } from "@nightbeam/scheduler";
import type { ServerError } from "@nightbeam/server";
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
  | PublishError
  | RecommendError
  | RunError
  | SchedulerError
  | ServerError
  | SettingsError
  | UsageError
  | VerifierError;

/** Of packages that the CLI does not depend on itself. */
type IndirectErrorName = "ProtocolError" | "QueueError" | "StoreError";

/**
 * Errors about the user's files, options and servers, for which the message is enough. Matched by name, because
 * importing their packages would load all of their libraries.
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
  PublishError: true,
  QueueError: true,
  RecommendError: true,
  RunError: true,
  SchedulerError: true,
  ServerError: true,
  SettingsError: true,
  StoreError: true,
  UsageError: true,
  VerifierError: true,
};

/** The text of an error on the terminal: expected ones without a stack, others with it. */
export function explain(error: unknown): string {
  if (isExpected(error)) return `error: ${error.message}`;
  // An error of the operating system, about a path in the message.
  if (error instanceof Error && "syscall" in error)
    return `error: ${error.message}. Check the path, this user's permissions and the free space on the disk.`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug; please report it with the following text\n${stack}`;
}

/** The error classes of our packages have codes that are words. */
function isExpected(error: unknown): error is Error {
  const hasCode = error instanceof Error && "code" in error && typeof error.code === "string";
  return hasCode && Object.hasOwn(EXPECTED, error.name);
}
