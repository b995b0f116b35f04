import type { RolloutRequest, Submission } from "@nightbeam/api";
import { inputFiles } from "@nightbeam/dataset";
import { openCheckpoint } from "@nightbeam/model";
import { policyOf } from "@nightbeam/recommend";
import { holdsRun, openEarlierRun, readManifest } from "@nightbeam/run";
import { codeOf } from "@nightbeam/service/log";
import { clusterProblem, parseDraftName, reusedRun } from "@nightbeam/settings";
import { assertCreatable, type DataRoots } from "@nightbeam/store";
import { SchedulerError } from "../errors.js";
import { DATE } from "../nights/night-record.js";
import { assertAbsolute, assertPatterns, assertPlaces, type PathRules } from "./check-paths.js";

/**
 * Checks what is cheap to check, so that a typo is reported at once: paths are readable, checkpoints open, a run to
 * draft from is complete, widths and drafts fit. Planning checks the rest.
 *
 * @throws SchedulerError UNREADABLE_INPUT, BAD_REQUEST; ModelError, DatasetError, RecommendError
 */
export async function checkRequest(
  request: Submission,
  { roots, isKnown = () => true }: Partial<PathRules> & Pick<PathRules, "roots">,
): Promise<void> {
  const rules = { roots, isKnown };
  const { histories, allow, block, allowLists, userGroups, candidates, trainedOn, out } = request;
  if (!out.includes("://")) assertAbsolute("out", out);
  await roots.assertInside(out);
  if (!out.includes("://") && isKnown(out)) await assertCreatable(out);
  // Checked again, because a rollout may have several drafts.
  const problem = clusterProblem(request);
  if (problem !== undefined) throw new SchedulerError("BAD_REQUEST", `${problem}.`);
  const itemOrder = request.itemOrder === "histories" ? undefined : request.itemOrder;
  await assertPlaces({ allow, block, itemOrder, userGroups }, { ...rules, kind: "file" });
  await assertPlaces({ allowLists }, { ...rules, kind: "either" });
  await assertPatterns({ histories, trainedOn }, rules);
  if (candidates !== undefined) await assertCandidates(candidates, rules);
  const reuse = reusedRun(request);
  if (reuse !== undefined) {
    await roots.assertInside(reuse);
    if (isKnown(reuse)) (await openEarlierRun(reuse)).close();
  }
  const levels = await checkModels(request, rules);
  if (levels !== undefined) policyOf(request, { levels });
}

/**
 * Checks the parts of a night's request that are the same for all dates. Rollouts and dates are only known when
 * the night starts.
 *
 * @throws SchedulerError BAD_REQUEST
 */
export function checkNight(request: Submission, roots: DataRoots): Promise<void> {
  const isKnown = (path: string) => !path.includes(DATE) && !path.startsWith("rollout:");
  return asBadRequest(() => checkRequest(request, { roots, isKnown }));
}

/** Checks the paths of a rollout. @throws SchedulerError BAD_REQUEST */
export function checkRollout(rollout: RolloutRequest, roots: DataRoots): Promise<void> {
  return asBadRequest(async () => {
    await checkModels(rollout, { roots, isKnown: () => true });
  });
}

/** @returns the levels of the target, if it can be opened now */
async function checkModels(
  { target, draft, catalogue }: RolloutRequest,
  rules: PathRules,
): Promise<number | undefined> {
  const { isKnown } = rules;
  await assertPlaces({ catalogue }, { ...rules, kind: "file" });
  await assertPlaces({ target }, { ...rules, kind: "directory" });
  let levels: number | undefined;
  if (isKnown(target)) {
    levels = (await openCheckpoint(target)).promptSpec.levels;
  }
  for (const name of draft.map(parseDraftName)) {
    if (!("path" in name) || !isKnown(name.path)) continue;
    const draft = name.path;
    if (name.kind === "candidates") await assertPatterns({ draft }, rules);
    else await assertPlaces({ draft }, { ...rules, kind: "directory" });
    if (name.kind === "checkpoint") await openCheckpoint(name.path);
    if (name.kind === "previous") await readManifest(name.path);
  }
  return levels;
}

/** Checks all paths of a request, which exist by now. @throws StoreError BAD_LOCATION */
export async function assertInRoots(request: Submission, roots: DataRoots): Promise<void> {
  const { target, catalogue, allow, block, itemOrder, allowLists, userGroups, out } = request;
  const { histories, candidates, trainedOn } = request;
  const reuse = reusedRun(request);
  const drafts = request.draft
    .map(parseDraftName)
    .flatMap((one) => ("path" in one ? one.path : []));
  const order = itemOrder === "histories" ? undefined : itemOrder;
  const places = [
    target,
    catalogue,
    allow,
    block,
    order,
    allowLists,
    userGroups,
    out,
    reuse,
    ...drafts,
  ];
  for (const path of places) if (path !== undefined) await roots.assertInside(path);
  if (candidates !== undefined) await roots.assertInside(candidates);
  const isRun = candidates !== undefined && (await holdsRun(candidates));
  for (const input of [histories, isRun ? undefined : candidates, trainedOn]) {
    for (const { path } of input === undefined ? [] : await inputFiles(input)) {
      await roots.assertInside(path);
    }
  }
}

/** A run must be complete. */
async function assertCandidates(candidates: string, rules: PathRules): Promise<void> {
  if (candidates.includes("://")) await rules.roots.assertInside(candidates);
  else await assertPatterns({ candidates }, rules);
  if (rules.isKnown(candidates) && (await holdsRun(candidates))) await readManifest(candidates);
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
