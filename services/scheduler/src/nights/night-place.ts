import type { RunStatus, Submission } from "@nightbeam/api";
import { nextNight } from "@nightbeam/queue";
import { runIdOf } from "@nightbeam/run";
import { SchedulerError } from "../errors.js";
import type { NightRequest } from "../http/night-routes.js";
import type { Documents } from "../state/documents.js";
import { type NightRecord, requestOfDate } from "./night-record.js";

export interface NightPlaces {
  readonly records: Pick<Documents<NightRecord>, "keys" | "get">;
  readonly runs: { get(runId: string): Promise<RunStatus | undefined> };
  /** Refuses a location that holds a run of one machine. */
  readonly refuseForeignRun: (out: string) => Promise<void>;
}

/**
 * Refuses a night that writes where another night does, or whose next run would find another one there.
 *
 * @throws SchedulerError OUT_TAKEN; RunError OUT_TAKEN
 */
export async function assertOutFree(
  put: { readonly name: string; readonly night: NightRequest; readonly now: number },
  { records, runs, refuseForeignRun }: NightPlaces,
): Promise<void> {
  const { name, night, now } = put;
  const out = placeOf(night.request);
  for (const other of await records.keys()) {
    // One that cannot be read writes nowhere.
    const record = other === name ? undefined : await records.get(other).catch(() => undefined);
    if (record === undefined || placeOf(record.request) !== out) continue;
    throw outTaken(`${night.request.out} is also where night ${other} writes`);
  }
  const next = nextNight(night, now);
  if (next === undefined) return;
  const { out: place } = requestOfDate(night.request, next.date);
  const run = await runs.get(runIdOf(place));
  if (run !== undefined && run.night !== name) throw outTaken(`${place} holds run ${run.id}`);
  await refuseForeignRun(place);
}

function placeOf({ out }: Submission): string {
  return out.replace(/\/+$/, "");
}

function outTaken(problem: string): SchedulerError {
  return new SchedulerError("OUT_TAKEN", `--out: ${problem}. Name another place.`);
}
