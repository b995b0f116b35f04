import type { JobQueues } from "@nightbeam/queue";
import { unlessAborted } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { DataRoots } from "@nightbeam/store";
import type { Tracing } from "@nightbeam/telemetry";
import { assertInRoots } from "./check-request.js";
import { withLease } from "./lease.js";
import type { LiveVerifiers } from "./live-verifiers.js";
import { planRecord } from "./plan-record.js";
import type { PlannerOptions, PlanningProgress } from "./planner.js";
import { noteRowsRead } from "./rows-under-way.js";
import type { RunOutputs } from "./run-outputs.js";
import type { RunRecord } from "./run-record.js";

/** Plans a run unless another scheduler does. */
export function leasedPlanning(deps: {
  readonly queues: JobQueues;
  readonly leaseMs: number;
  readonly outputs: RunOutputs;
  readonly reopenings: {
    get(runId: string): Promise<object | undefined>;
    remove(runId: string): Promise<void>;
  };
  readonly verifiers: () => LiveVerifiers;
  readonly roots: DataRoots;
  readonly tracing: Tracing;
  readonly log: Log;
}): PlannerOptions["plan"] {
  const { queues, leaseMs, outputs, reopenings, verifiers, roots, tracing, log } = deps;
  const noteRead = noteRowsRead(queues);
  return (record, progress) => {
    const lease = { queues, name: `plan:${record.runId}`, lastsMs: leaseMs };
    const { signal } = progress;
    // The lease ends with the signal, although a file that never answers does not.
    const { runId, trace } = record;
    const traced = { parent: trace?.span, attributes: { "nightbeam.run": runId } };
    return withLease(lease, () =>
      tracing.within("plan run", traced, () => unlessAborted(work(record, progress), signal)),
    );
  };
  async function work(record: RunRecord, progress: PlanningProgress): Promise<void> {
    const onRows = (read: number) => {
      progress.onRows(read);
      noteRead(record.runId, read);
    };
    // Links may have been changed since the run was submitted.
    await assertInRoots(record.request, roots);
    const context = { openOutput: outputs.open, verifiers, log };
    await planRecord(record, { ...progress, ...context, onRows });
    if ((await reopenings.get(record.runId)) === undefined) return;
    // The run was cancelled before it was planned, and was submitted again.
    await (await outputs.open(record.out)).reopen();
    await reopenings.remove(record.runId);
  }
}
