import { CatalogueError } from "@nightbeam/catalogue";
import { ControlError, type ControlErrorCode } from "@nightbeam/control";
import { DatasetError } from "@nightbeam/dataset";
import { ModelError } from "@nightbeam/model";
import { QueueError, type QueueErrorCode } from "@nightbeam/queue";
import { RecommendError } from "@nightbeam/recommend";
import { RunError, type RunErrorCode } from "@nightbeam/run";
import { SettingsError, type SettingsErrorCode } from "@nightbeam/settings";
import { StoreError, type StoreErrorCode } from "@nightbeam/store";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { SchedulerError, type SchedulerErrorCode } from "../errors.js";

/** An error response. */
export interface ErrorAnswer {
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly message: string;
}

const OWN: Readonly<Record<SchedulerErrorCode, ContentfulStatusCode>> = {
  NO_TOKEN: 500,
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  TOO_LARGE: 413,
  NOT_FOUND: 404,
  UNKNOWN_RUN: 404,
  UNKNOWN_NIGHT: 404,
  UNKNOWN_ROLLOUT: 404,
  UNKNOWN_SHARD: 404,
  UNKNOWN_USER: 404,
  NO_NATS: 422,
  UNREADABLE_INPUT: 422,
  OUT_SILENT: 422,
  TOO_SLOW: 422,
  PLANNING_STUCK: 422,
  OUT_TAKEN: 409,
  RUN_STATE: 409,
  STATE_DAMAGED: 500,
};

type NightErrorCode = QueueErrorCode | RunErrorCode | SettingsErrorCode | StoreErrorCode;

/** Status of the error codes of queue, run, settings and store. Default: 500. */
const NIGHT: Readonly<Partial<Record<NightErrorCode, ContentfulStatusCode>>> = {
  REDIS_UNREACHABLE: 503,
  REDIS_UNSAFE: 503,
  NOT_STORED: 503,
  STORE_FAILED: 503,
  BAD_JOB: 422,
  BAD_REQUEST: 400,
  RUN_STATE: 409,
  BAD_LOCATION: 422,
  BAD_NAME: 400,
  RUN_DIFFERS: 409,
  OUT_TAKEN: 409,
  NOT_A_RUN: 409,
  BAD_DRAFT: 422,
  BAD_SETTINGS: 422,
  FILE_NOT_FOUND: 422,
  UNREADABLE: 422,
  WRITE_FAILED: 422,
  RUN_INCOMPLETE: 422,
  RUN_DAMAGED: 422,
};

const CONTROL: Readonly<Partial<Record<ControlErrorCode, ContentfulStatusCode>>> = {
  BAD_ROLLOUT: 422,
  NO_SUCH_NODE: 404,
};

/** Errors about files that a request names: 422. */
const ABOUT_INPUT = [CatalogueError, DatasetError, ModelError, RecommendError];

/** The response to an error. Unexpected errors are not shown to clients. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const known = statusOf(error);
  if (known !== undefined && error instanceof Error && "code" in error) {
    return { status: known, code: String(error.code), message: error.message };
  }
  const message = "Internal error of the scheduler. See its log.";
  return { status: 500, code: "INTERNAL", message };
}

function statusOf(error: unknown): ContentfulStatusCode | undefined {
  if (error instanceof SchedulerError) return OWN[error.code];
  if (
    error instanceof QueueError ||
    error instanceof RunError ||
    error instanceof SettingsError ||
    error instanceof StoreError
  ) {
    return NIGHT[error.code] ?? 500;
  }
  if (error instanceof ControlError) return CONTROL[error.code] ?? 503;
  return ABOUT_INPUT.some((kind) => error instanceof kind) ? 422 : undefined;
}
