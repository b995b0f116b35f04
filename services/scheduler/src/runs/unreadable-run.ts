import type { RunStatus } from "@nightbeam/api";
import { isoTime } from "../clock.js";
import type { Documents } from "../state/documents.js";
import { readEach } from "../state/read-each.js";
import type { RunRecord } from "./run-record.js";

/** Reads runs; one that cannot be read is `unreadable`, and hides no other. */
export async function readRuns(
  ids: readonly string[],
  options: {
    readonly records: Documents<RunRecord>;
    readonly read: (runId: string) => Promise<RunStatus | undefined>;
  },
): Promise<RunStatus[]> {
  const { records } = options;
  const { read, unreadable } = await readEach(ids, options.read);
  const others = unreadable.map(({ name, reason }) => unreadableRun(name, { records, reason }));
  return [...read, ...(await Promise.all(others))];
}

/** The status of a run of which the record, the files or the store cannot be read now. */
async function unreadableRun(
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
