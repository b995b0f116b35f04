import type { RunStatus } from "@nightbeam/api";

/** The status of a run in progress that 5 of 100 users have lists of. */
export function someRun(more: Partial<RunStatus> = {}): RunStatus {
  return {
    id: "r-1",
    state: "running",
    out: "/o",
    priority: "normal",
    submittedAt: "2026-11-21T02:00:00.000Z",
    users: { total: 100, done: 5, underWay: 0 },
    stats: {},
    calls: { calls: 0, searches: 0 },
    setAside: [],
    rejected: 0,
    ...more,
  };
}
