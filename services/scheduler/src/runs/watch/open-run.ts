import type { RunView } from "../run-view.js";
import { type PaceSample, withSample } from "./pace.js";
import type { StallReason } from "./stall-facts.js";

/** An open run, as it was last seen. Times are milliseconds of a monotonic clock. */
export interface OpenRun {
  readonly view: RunView;
  /** When it last moved. */
  readonly movedAt: number;
  /** Whether this process saw it move. If not, an alarm that another one raised may be right. */
  readonly sawMove: boolean;
  readonly seenAt: number;
  readonly commits: number;
  /** The most rows that shards in progress had done, since the last commit; or that planning had read. */
  readonly progress: number;
  readonly samples: readonly PaceSample[];
  /** Why it could not be read or advanced since then. */
  readonly error: string | undefined;
  readonly stalled: StallReason | undefined;
  readonly wasLate: boolean;
}

/** Whether a run is watched: it has work to do, or it has not ended as it must before it is due. */
export function isOpen({ state, record }: RunView): boolean {
  if (state === "planning" || state === "running") return true;
  return (state === "partial" || state === "refused") && record.dueAt !== undefined;
}

/** A run after it was read again. */
export function seen(
  before: OpenRun | undefined,
  { view, now }: { readonly view: RunView; readonly now: number },
): OpenRun {
  const commits = view.commits.length;
  const rows = view.commits.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const samples = withSample(before?.samples ?? [], { at: now, rows });
  const present = { view, commits, samples, seenAt: now };
  if (before?.commits === commits && before.view.state === view.state)
    return { ...before, ...present };
  return {
    ...present,
    movedAt: now,
    sawMove: before !== undefined,
    progress: 0,
    error: undefined,
    stalled: undefined,
    wasLate: before?.wasLate ?? false,
  };
}

/** Whether shards of another run were committed since a moment. */
export function othersMove(
  { view }: OpenRun,
  { runs, since }: { readonly runs: Iterable<OpenRun>; readonly since: number },
): boolean {
  return [...runs].some((other) => {
    const isOther = other.view.record.runId !== view.record.runId;
    const works = other.view.state === "running" && other.commits > 0;
    return isOther && works && other.movedAt > since;
  });
}

/** The runs that are planned and were submitted before. */
export function plannedBefore({ view }: OpenRun, runs: Iterable<OpenRun>): readonly string[] {
  return [...runs]
    .map((other) => other.view)
    .filter(({ state, record }) => {
      return state === "planning" && record.submittedAt < view.record.submittedAt;
    })
    .map(({ record }) => record.runId);
}

/** The fields of an alarm about a run. */
export function aboutRun({ record: { runId, night } }: Pick<RunView, "record">) {
  return { runId, ...(night === undefined ? {} : { night }) };
}
