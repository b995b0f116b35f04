import type { RunStatus } from "../api/answers.js";
import { isoTime } from "../clock.js";
import type { Documents } from "../state/documents.js";
import type { RunRecord } from "./run-record.js";

/** The status of a run of which the record, the files or the store cannot be read now. */
export async function unreadableRun(
  runId: string,
  { records, reason }: { readonly records: Documents<RunRecord>; readonly reason: string },
): Promise<RunStatus> {
  const record = await records.get(runId).catch(() => undefined);
  return {
    id: runId,
    state: "unreadable",
    reason,
    out: record?.out ?? "",
    priority: record?.priority ?? "normal",
    ...(record?.night === undefined ? {} : { night: record.night }),
    submittedAt: record?.submittedAt ?? isoTime(0),
    users: { done: 0, underWay: 0 },
    stats: {},
    calls: { calls: 0, searches: 0 },
    setAside: [],
    rejected: 0,
  };
}
