import { S3ServiceException } from "@aws-sdk/client-s3";

/** Waits before further tries, where the SDK cannot try by itself. */
export const WAITS_MS: readonly number[] = [50, 200, 800, 2_000];

export function waitMs(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}

/** The HTTP status that a service answered with, or undefined where it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** Whether an object is not there. A bucket that is not there is another matter. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.name === "NoSuchKey" || error.name === "NotFound";
}

/** Whether the same request may succeed later: no answer, too many requests, the service's fault. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status === 429 || status >= 500;
}
