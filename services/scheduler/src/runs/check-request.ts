import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { openCheckpoint } from "@nightbeam/model";
import { policyOf } from "@nightbeam/recommend";
import { readManifest } from "@nightbeam/run";
import { codeOf } from "@nightbeam/service/log";
import { clusterProblem, parseDraftName } from "@nightbeam/settings";
import type { RolloutRequest, Submission } from "../api/request.js";
import { SchedulerError } from "../errors.js";
import { DATE } from "../nights/night-record.js";

/**
 * Checks what is cheap to check, so that a typo is reported at once: paths are readable, checkpoints open, a run to
 * draft from is complete, widths and drafts fit. Planning checks the rest.
 *
 * @param isKnown whether a path is final: it has no placeholder and is not a rollout
 * @throws SchedulerError UNREADABLE_INPUT, BAD_REQUEST; ModelError, DatasetError, RecommendError
 */
export async function checkRequest(
  request: Submission,
  isKnown: (path: string) => boolean = () => true,
): Promise<void> {
  const { histories, allow, block, allowLists, userGroups, out } = request;
  if (!out.includes("://")) assertAbsolute("out", out);
  // Checked again, because a rollout may have several drafts.
  const problem = clusterProblem(request);
  if (problem !== undefined) throw new SchedulerError("BAD_REQUEST", `${problem}.`);
  const itemOrder = request.itemOrder === "histories" ? undefined : request.itemOrder;
  await assertFiles({ allow, block, itemOrder, allowLists, userGroups }, isKnown);
  await assertHistories(histories, isKnown);
  const levels = await checkModels(request, isKnown);
  if (levels !== undefined) policyOf(request, { levels });
}

/**
 * Checks the parts of a night's request that are the same for all dates. Rollouts and dates are only known when
 * the night starts.
 *
 * @throws SchedulerError BAD_REQUEST
 */
export function checkNight(request: Submission): Promise<void> {
  const isKnown = (path: string) => !path.includes(DATE) && !path.startsWith("rollout:");
  return asBadRequest(() => checkRequest(request, isKnown));
}

/** Checks the paths of a rollout. @throws SchedulerError BAD_REQUEST */
export function checkRollout(rollout: RolloutRequest): Promise<void> {
  return asBadRequest(async () => {
    await checkModels(rollout, () => true);
  });
}

/** @returns the levels of the target, if it can be opened now */
async function checkModels(
  { target, draft, catalogue }: RolloutRequest,
  isKnown: (path: string) => boolean,
): Promise<number | undefined> {
  await assertFiles({ catalogue }, isKnown);
  let levels: number | undefined;
  if (isKnown(target)) {
    await assertReadable("target", target);
    levels = (await openCheckpoint(target)).promptSpec.levels;
  }
  for (const name of draft.map(parseDraftName)) {
    if (!("path" in name) || !isKnown(name.path)) continue;
    await assertReadable("draft", name.path);
    if (name.kind === "checkpoint") await openCheckpoint(name.path);
    if (name.kind === "previous") await readManifest(name.path);
  }
  return levels;
}

async function assertFiles(
  files: Readonly<Record<string, string | undefined>>,
  isKnown: (path: string) => boolean,
): Promise<void> {
  for (const [name, path] of Object.entries(files)) {
    if (path !== undefined && isKnown(path)) await assertReadable(name, path);
  }
}

/** Patterns and directories are read when the run is planned. */
async function assertHistories(
  histories: Submission["histories"],
  isKnown: (path: string) => boolean,
): Promise<void> {
  for (const path of typeof histories === "string" ? [histories] : histories) {
    if (/[*?[]/.test(path)) assertAbsolute("histories", path);
    else await assertFiles({ histories: path }, isKnown);
  }
}

/** Turns any error into BAD_REQUEST: nothing was started yet, so the request is wrong. */
async function asBadRequest(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) === undefined || !(error instanceof Error)) throw error;
    throw new SchedulerError("BAD_REQUEST", error.message, { cause: error });
  }
}

async function assertReadable(name: string, path: string): Promise<void> {
  assertAbsolute(name, path);
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    const problem = codeOf(error) === "ENOENT" ? "does not exist" : "is not readable";
    throw new SchedulerError(
      "UNREADABLE_INPUT",
      `The scheduler cannot read \`${name}\` ${path}: it ${problem} on its machine. Scheduler and drafters read ` +
        "paths on their own machines: put the file where all of them have it under the same path.",
      { cause: error },
    );
  }
}

function assertAbsolute(name: string, path: string): void {
  if (isAbsolute(path)) return;
  throw new SchedulerError(
    "UNREADABLE_INPUT",
    `\`${name}\` ${path} is relative, but the scheduler has another working directory. ` +
      "Use an absolute path.",
  );
}
