import { type Drift, driftSchema, type RunStatus } from "@nightbeam/api";
import type { JobQueues } from "@nightbeam/queue";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { WallClock } from "../clock.js";
import { withLease } from "../runs/lease.js";
import type { OpenOutput } from "../runs/run-output.js";
import type { RunView } from "../runs/run-view.js";
import { documents, type StateFiles } from "../state/documents.js";
import { type CompleteRun, runDrift } from "./run-drift.js";

export interface DriftDeskOptions {
  readonly files: StateFiles;
  readonly queues: Pick<JobQueues, "redis" | "prefix">;
  readonly leaseMs: number;
  readonly openOutput: OpenOutput;
  /** All runs, the latest first. */
  readonly runs: () => Promise<readonly RunStatus[]>;
  /** Called when the drift of a run is known. */
  readonly onKnown: (runId: string) => void;
  readonly clock: WallClock;
  readonly log: Log;
}

/** Compares the runs of nights with those of the night before, one after the other. */
export interface DriftDesk {
  /** Has a run compared if it is complete, a night's, and was not compared yet. Returns at once. */
  see(view: RunView): void;
  /** What was found. Undefined if it is not known. */
  read(runId: string): Promise<Drift | undefined>;
  remove(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** Runs that ended earlier are not compared any more. */
const RECENT_MS = 7 * 24 * 3_600_000;
/** A comparison reads a few parts. One that takes longer is given up: its store hangs. */
const MAX_MS = 10 * 60_000;

export function openDriftDesk(options: DriftDeskOptions): DriftDesk {
  const { files, queues, leaseMs, clock, log, onKnown } = options;
  const known = documents({ files, folder: "drifts", schema: driftSchema });
  const seen = new Set<string>();
  const closed = new AbortController();
  let last: Promise<void> = Promise.resolve();

  const compare = async (view: RunView): Promise<void> => {
    const { runId } = view.record;
    if (closed.signal.aborted || (await known.get(runId)) !== undefined) return;
    const before = await runBefore(view, options);
    const { manifest, output } = view;
    if (before === undefined || manifest === undefined) return;
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(MAX_MS)]);
    const drift = await runDrift({ before, now: { id: runId, manifest, output } }, signal);
    if (!(await known.create(runId, drift))) return;
    log.info({ runId, ...drift }, "compared a night with the one before");
    onKnown(runId);
  };
  const inOrder = (runId: string, work: () => Promise<unknown>) => {
    last = last.then(work).then(
      () => undefined,
      (error: unknown) => {
        if (closed.signal.aborted) return;
        log.warn({ runId, reason: reasonOf(error) }, "cannot compare a night with the one before");
      },
    );
  };
  return {
    see: (view) => {
      const { runId, night } = view.record;
      const { manifest } = view;
      if (night === undefined || (manifest !== undefined && seen.has(runId))) return;
      if (manifest === undefined) {
        // Some of its shards are computed again.
        if (seen.delete(runId)) inOrder(runId, () => known.remove(runId));
        return;
      }
      if (clock.now() - Date.parse(manifest.createdAt) > RECENT_MS) return;
      seen.add(runId);
      const lease = { queues, name: `drift:${runId}`, lastsMs: leaseMs };
      inOrder(runId, () => withLease(lease, () => compare(view)));
    },
    read: (runId) => known.get(runId),
    remove: (runId) => known.remove(runId),
    close: async () => {
      closed.abort(new Error("the scheduler stops"));
      await last;
    },
  };
}

/** The latest complete run of the same night that was submitted before. */
async function runBefore(
  { record }: RunView,
  { runs, openOutput }: Pick<DriftDeskOptions, "runs" | "openOutput">,
): Promise<CompleteRun | undefined> {
  const { night, submittedAt } = record;
  for (const run of await runs()) {
    const isBefore = run.night === night && run.submittedAt < submittedAt;
    if (!isBefore || run.state !== "complete") continue;
    const output = await openOutput(run.out);
    const manifest = await output.manifest();
    if (manifest !== undefined) return { id: run.id, manifest, output };
  }
  return undefined;
}
