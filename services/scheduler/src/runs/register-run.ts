import type { Submission } from "@nightbeam/api";
import type { RunPriority } from "@nightbeam/queue";
import { runIdOf, type SubmittedRequest } from "@nightbeam/run";
import { inTime } from "@nightbeam/service";
import type { Tracing } from "@nightbeam/telemetry";
import { isoTime, type WallClock } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { RolloutRegistry } from "../rollouts/rollout-registry.js";
import type { Documents } from "../state/documents.js";
import type { OpenOutput } from "./run-output.js";
import { differences, type RunRecord, sameSubmission } from "./run-record.js";
import type { RunTimes } from "./run-times.js";
import { type Refusal, type Reopening, viewRun } from "./run-view.js";

/** The night that starts a run, and how the run is treated. */
export interface StartedBy extends RunTimes {
  readonly night?: string;
  /** Where the last complete run of that night wrote its lists. */
  readonly lastComplete?: string;
  readonly priority?: RunPriority;
  /** The name that its lists are published under. */
  readonly publish?: string;
}

/** What registering a run reads and writes. */
export interface RegistrationOptions {
  readonly records: Documents<RunRecord>;
  readonly refusals: Documents<Refusal>;
  readonly reopenings: Documents<Reopening>;
  readonly openOutput: OpenOutput;
  readonly rollouts: Pick<RolloutRegistry, "resolve">;
  /** Refuses requests that cannot work, as far as that is cheap to find out. */
  readonly check: (request: Submission) => Promise<void>;
  readonly clock: WallClock;
  readonly tracing: Tracing;
}

type RegisterOptions = RegistrationOptions & { readonly by: StartedBy | undefined };

/**
 * Returns the existing run of a submission, or registers a new one. The id of a run is derived from its output
 * location, so several schedulers register the same run, and the first request counts.
 *
 * @throws SchedulerError OUT_TAKEN, UNKNOWN_ROLLOUT, UNREADABLE_INPUT; RunError, StoreError, ModelError, …
 */
export async function registerRun(
  submission: Submission,
  options: RegisterOptions,
): Promise<{ readonly record: RunRecord; readonly created: boolean }> {
  const { records, openOutput, rollouts, check, clock, by } = options;
  const { out } = submission;
  const runId = runIdOf(out);
  const known = await records.get(runId);
  if (known !== undefined) {
    const replaced = await replaceRequest(known, submission, options);
    if (replaced !== undefined) return { record: replaced, created: false };
    await refuseOther(known, submission, options);
    // A scheduler may have died before it wrote the request.
    await claim(known, options);
    return { record: await withTreatment(known, options), created: false };
  }
  const standing = await answering(reach(out, openOutput), out);
  const request = await rollouts.resolve(submission);
  if (standing === undefined) await check(request);
  const submittedAt = standing?.submittedAt.toISOString() ?? isoTime(clock.now());
  const record: RunRecord = {
    ...{ runId, out, submission, request, submittedAt },
    ...by,
    ...traceOf(options.tracing),
  };
  // A request without a record: the state was lost, or the run belongs to another cluster.
  if (standing !== undefined) refuseDifferent(out, standing.request, request);
  // The record comes first: from it, any scheduler can do all that follows.
  const created = await records.create(runId, record);
  const kept = created ? record : ((await records.get(runId)) ?? record);
  if (!created) await refuseOther(kept, submission, options);
  await claim(kept, options);
  return { record: kept, created: created && standing === undefined };
}

/** The request in a location, which must be free otherwise. Writes nothing that stays. */
async function reach(out: string, openOutput: OpenOutput): Promise<SubmittedRequest | undefined> {
  const output = await openOutput(out);
  const standing = await output.request();
  if (standing !== undefined) return standing;
  await output.refuseForeignRun();
  await output.probe();
  return undefined;
}

/** A mount that is gone never answers. */
const PATIENCE_MS = 15_000;

/** @throws SchedulerError OUT_SILENT if the location of a run does not answer */
function answering<Value>(work: Promise<Value>, out: string): Promise<Value> {
  const late = () =>
    new SchedulerError(
      "OUT_SILENT",
      `--out: ${out} did not answer within ${PATIENCE_MS / 1_000} s. Check that its disk or bucket can be reached.`,
    );
  return inTime(work, { ms: PATIENCE_MS, late });
}

/**
 * Replaces the request of a run that was refused, or cancelled before it was planned: nothing was made of the
 * former request yet.
 *
 * @returns the new record, or undefined if the run is in another state or the request is the same
 */
async function replaceRequest(
  known: RunRecord,
  submission: Submission,
  options: RegisterOptions,
): Promise<RunRecord | undefined> {
  const { records, refusals, reopenings, openOutput, rollouts, check, clock, by } = options;
  const { runId, out } = known;
  const viewing = viewRun(known, { openOutput, refusals, reopenings });
  const view = await answering(viewing, out);
  const { output } = view;
  const isOver = view.state === "refused" || view.state === "cancelled";
  if (!isOver || view.standing.plan !== undefined) return undefined;
  const request = await rollouts.resolve(submission);
  const standing = await output.request();
  // A scheduler may have died between writing the request and writing the record.
  const changed = [known.request, standing?.request ?? request].some(
    (before) => differences(before, request) !== "",
  );
  if (!changed) return undefined;
  await check(request);
  const now = clock.now();
  const night = by?.night ?? known.night;
  const record: RunRecord = {
    ...{ runId, out, submission, request, submittedAt: isoTime(now) },
    ...(night === undefined ? {} : { night }),
    ...treatmentOf(known),
    ...by,
    ...traceOf(options.tracing),
  };
  // The record comes last: until it is written, the same submission gets here again.
  await output.replaceRequest(request, new Date(now));
  await records.put(runId, record);
  return record;
}

/** The record with the times and the priority of the last submission that has some. */
async function withTreatment(
  known: RunRecord,
  { records, by }: Pick<RegisterOptions, "records" | "by">,
): Promise<RunRecord> {
  const record = { ...known, ...treatmentOf(by ?? {}) };
  const isSame =
    record.dueAt === known.dueAt &&
    record.retryUntil === known.retryUntil &&
    record.publish === known.publish &&
    record.priority === known.priority;
  if (!isSame) await records.put(known.runId, record);
  return record;
}

type Treated = Omit<StartedBy, "night" | "lastComplete">;

function treatmentOf({ dueAt, retryUntil, priority, publish }: Treated): Treated {
  return {
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(retryUntil === undefined ? {} : { retryUntil }),
    ...(priority === undefined ? {} : { priority }),
    ...(publish === undefined ? {} : { publish }),
  };
}

/** Makes the run part of the request or the night that submits it. */
function traceOf(tracing: Tracing): Pick<RunRecord, "trace"> {
  const parent = tracing.current;
  const span = tracing.reserve(parent);
  return parent === undefined || span === undefined ? {} : { trace: { span, parent } };
}

async function claim(
  { out, request, submittedAt }: RunRecord,
  { openOutput }: Pick<RegisterOptions, "openOutput">,
): Promise<void> {
  const holder = await (await openOutput(out)).claim(request, new Date(submittedAt));
  refuseDifferent(out, holder.request, request);
}

/** Refuses a different submission. Paths equal the rollout that stood for them when the run was registered. */
async function refuseOther(
  record: RunRecord,
  submission: Submission,
  { rollouts }: Pick<RegisterOptions, "rollouts">,
): Promise<void> {
  if (sameSubmission(record.submission, submission)) return;
  refuseDifferent(record.out, record.request, await rollouts.resolve(submission));
}

function refuseDifferent(out: string, before: Submission, now: Submission): void {
  const different = differences(before, now);
  if (different === "") return;
  throw new SchedulerError(
    "OUT_TAKEN",
    `${out} contains a run with other settings: ${different}. Use another --out, or submit the same ` +
      "settings.",
  );
}
