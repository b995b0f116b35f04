import { within } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { StoreError } from "@nightbeam/store";
import type { RunStatus } from "../api/answers.js";
import { isRedisFailure } from "./passing.js";
import type { RunRecord } from "./run-record.js";

/** How long the store of one run may take while runs are listed. */
const READS_WITHIN_MS = 10_000;

/** Waits for what is read from the store of a run. @throws StoreError STORE_FAILED if it takes too long */
export async function inTime<Value>(work: Promise<Value>, out: string): Promise<Value> {
  // What comes later, or fails later, is of no use.
  work.catch(() => undefined);
  if (await within(work.then(noop, noop), { ms: READS_WITHIN_MS })) return work;
  throw new StoreError("STORE_FAILED", `${out} does not answer for ${READS_WITHIN_MS / 1_000} s`);
}

const noop = () => undefined;

/** The status of a run that cannot be read now. @throws `error` if it is about Redis, and so about every run */
export function unreadableStatus(
  runId: string,
  record: RunRecord | undefined,
  error: unknown,
): RunStatus {
  if (isRedisFailure(error)) throw error;
  return {
    id: runId,
    state: "unreadable",
    reason: reasonOf(error),
    out: record?.out ?? "unknown",
    ...(record?.night === undefined ? {} : { night: record.night }),
    submittedAt: record?.submittedAt ?? new Date(0).toISOString(),
    users: { done: 0, underWay: 0 },
    stats: {},
    calls: { calls: 0, searches: 0 },
    setAside: [],
    rejected: 0,
  };
}
