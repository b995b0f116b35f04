import { runIdOf } from "@nightbeam/run";
import type { Submission } from "../api/request.js";
import { type Clock, isoTime } from "../clock.js";
import { SchedulerError } from "../errors.js";
import type { RolloutBook } from "../rollouts/rollout-book.js";
import type { Documents } from "../state/documents.js";
import type { OpenOut } from "./run-out.js";
import { differences, type RunRecord, sameSubmission } from "./run-record.js";
import { type Refusal, type Reopening, viewRun } from "./run-view.js";

/** Who starts a run, where it is not a person. */
export interface StartedBy {
  readonly night: string;
}

/** What registering a run reads and writes. */
export interface RegistrationOptions {
  readonly records: Documents<RunRecord>;
  readonly refusals: Documents<Refusal>;
  readonly reopenings: Documents<Reopening>;
  readonly openOut: OpenOut;
  readonly rollouts: Pick<RolloutBook, "resolve">;
  /** Refuses requests that cannot work, as far as that is cheap to find out. */
  readonly check: (request: Submission) => Promise<void>;
  readonly clock: Clock;
}

type RegisterOptions = RegistrationOptions & { readonly by: StartedBy | undefined };

/**
 * The run of a submission: the one that is there, or a new one. A run is named after its place, so
 * any number of schedulers register the same one, and the first request stands.
 *
 * @throws SchedulerError OUT_TAKEN, UNKNOWN_ROLLOUT, UNREADABLE_INPUT; JobsError, ModelError, …
 */
export async function registerRun(
  submission: Submission,
  options: RegisterOptions,
): Promise<{ readonly record: RunRecord; readonly created: boolean }> {
  const { records, openOut, rollouts, check, clock, by } = options;
  const { out } = submission;
  const runId = runIdOf(out);
  const known = await records.get(runId);
  if (known !== undefined) {
    const mended = await mend(known, submission, options);
    if (mended !== undefined) return { record: mended, created: false };
    await refuseOther(known, submission, options);
    // A scheduler may have stopped before it wrote the request.
    await claim(known, options);
    return { record: known, created: false };
  }
  const place = await openOut(out);
  const standing = await place.request();
  if (standing === undefined) await place.refuseForeignRun();
  const request = await rollouts.resolve(submission);
  if (standing === undefined) await check(request);
  const submittedAt = standing?.submittedAt.toISOString() ?? isoTime(clock.now());
  const night = by === undefined ? {} : { night: by.night };
  const record: RunRecord = { runId, out, submission, request, submittedAt, ...night };
  // The place's request without a record: the state was lost, or it is another cluster's run.
  if (standing !== undefined) refuseDifferent(out, standing.request, request);
  // Before anything else: whoever reads it can do all that follows.
  const created = await records.create(runId, record);
  const kept = created ? record : ((await records.get(runId)) ?? record);
  if (!created) await refuseOther(kept, submission, options);
  await claim(kept, options);
  return { record: kept, created: created && standing === undefined };
}

/**
 * A run that could not be planned, or was cancelled before it was, may be asked for differently in
 * its place: nothing has been made of the former request.
 *
 * @returns the run's new record, or undefined where it is not such a run or nothing has changed
 */
async function mend(
  known: RunRecord,
  submission: Submission,
  options: RegisterOptions,
): Promise<RunRecord | undefined> {
  const { records, refusals, reopenings, openOut, rollouts, check, clock, by } = options;
  const { runId, out } = known;
  const place = await openOut(out);
  const view = await viewRun(known, { openOut, refusals, reopenings });
  const isOver = view.state === "refused" || view.state === "cancelled";
  if (!isOver || view.standing.plan !== undefined) return undefined;
  const request = await rollouts.resolve(submission);
  const standing = await place.request();
  // A scheduler may have stopped between the two.
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
  };
  // The record last: until it stands, the same submission comes here again.
  await place.replaceRequest(request, new Date(now));
  await records.put(runId, record);
  return record;
}

async function claim(
  { out, request, submittedAt }: RunRecord,
  { openOut }: Pick<RegisterOptions, "openOut">,
): Promise<void> {
  const holder = await (await openOut(out)).claim(request, new Date(submittedAt));
  refuseDifferent(out, holder.request, request);
}

/** One that names paths is the same as one by whose rollout the run was given these paths. */
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
    `${out} holds a run that was asked for differently: ${different}. Name another --out, or ask ` +
      "for the same.",
  );
}
