import type { RunStatus } from "@nightbeam/api";
import { reasonOf } from "@nightbeam/service/log";
import type { DriftDesk } from "../drift/drift-desk.js";
import type { PublicationDesk } from "../publications/publication-desk.js";
import type { Planner } from "./planner.js";
import type { ReconcileOptions } from "./reconcile-run.js";
import { type LiveFigures, liveFigures, NOTHING_LIVE, runStatus } from "./run-status.js";
import type { RunView } from "./run-view.js";
import type { RunWatch } from "./watch/run-watch.js";

export interface StatusSources {
  readonly planner: Pick<Planner, "readRows">;
  readonly watch: Pick<RunWatch, "reason" | "expectedAt" | "redisAnswers">;
  readonly drift: Pick<DriftDesk, "read">;
  readonly publications: Pick<PublicationDesk, "read">;
  readonly reconcile: Pick<ReconcileOptions, "queues" | "log" | "retries">;
}

/** The status of a run, with what only this process or Redis knows. */
export async function readStatus(view: RunView, sources: StatusSources): Promise<RunStatus> {
  const { planner, watch, drift, publications, reconcile } = sources;
  const { runId, night } = view.record;
  const isNight = view.state === "complete" && night !== undefined;
  const hasJobs = view.state === "running" || view.state === "paused";
  return runStatus(view, {
    live: hasJobs && watch.redisAnswers ? await live(view, reconcile) : NOTHING_LIVE,
    read: view.state === "planning" ? planner.readRows(runId) : undefined,
    waitsFor: watch.reason(view),
    retry: reconcile.retries.reason(view),
    expectedAt: watch.expectedAt(runId),
    drift: isNight ? await drift.read(runId) : undefined,
    publication: await publications.read(view),
  });
}

/** The progress of shards in Redis. Without Redis it is unknown; the store knows what is done. */
async function live(
  view: RunView,
  { queues, log }: StatusSources["reconcile"],
): Promise<LiveFigures> {
  try {
    return await liveFigures(queues, view);
  } catch (error) {
    log.debug({ reason: reasonOf(error) }, "cannot read live figures");
    return NOTHING_LIVE;
  }
}
