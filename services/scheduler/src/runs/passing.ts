import { DatasetError } from "@nightbeam/dataset";
import { QueueError, type QueueErrorCode } from "@nightbeam/queue";
import { StoreError, type StoreErrorCode } from "@nightbeam/store";

const REDIS_FAILURES: ReadonlySet<QueueErrorCode> = new Set<QueueErrorCode>([
  "REDIS_UNREACHABLE",
  "NOT_STORED",
]);
const STORE_FAILURES: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>([
  "STORE_FAILED",
  "WRITE_FAILED",
]);

/** Whether Redis failed, so that the same operation may succeed later. */
export function isRedisFailure(error: unknown): boolean {
  return error instanceof QueueError && REDIS_FAILURES.has(error.code);
}

/** Whether Redis, a store or a disk failed: nothing is wrong with the request, and a retry may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof StoreError) return STORE_FAILURES.has(error.code);
  if (error instanceof DatasetError) return error.code === "WRITE_FAILED";
  return isRedisFailure(error);
}
