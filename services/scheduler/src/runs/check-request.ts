import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { RolloutRequest, Submission } from "@nightbeam/api";
import { inputFiles } from "@nightbeam/dataset";
import { openCheckpoint } from "@nightbeam/model";
import { policyOf } from "@nightbeam/recommend";
import { holdsRun, openEarlierRun, readManifest } from "@nightbeam/run";
import { codeOf } from "@nightbeam/service/log";
import { clusterProblem, parseDraftName, reusedRun } from "@nightbeam/settings";
import {
  assertCreatable,
  assertRegular,
  type DataRoots,
  readProblem,
  refuseKernelFile,
} from "@nightbeam/store";
import { SchedulerError } from "../errors.js";
import { DATE } from "../nights/night-record.js";

/** How the paths of a request are checked. */
interface PathRules {
  readonly roots: DataRoots;
  /** Whether a path is final: it has no placeholder and is not a rollout. */
  readonly isKnown: (path: string) => boolean;
}

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
    const kind = name.kind === "candidates" ? "either" : "directory";
    await assertPlaces({ draft: name.path }, { ...rules, kind });
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

type PlaceKind = "file" | "directory" | "either";

async function assertPlaces(
  places: Readonly<Record<string, string | undefined>>,
  { roots, isKnown, kind }: PathRules & { readonly kind: PlaceKind },
): Promise<void> {
  for (const [name, path] of Object.entries(places)) {
    if (path === undefined || path.startsWith("rollout:")) continue;
    assertAbsolute(name, path);
    await roots.assertInside(path);
    if (isKnown(path)) await assertReadable({ name, path, kind });
  }
}

/** A run must be complete. */
async function assertCandidates(candidates: string, rules: PathRules): Promise<void> {
  if (candidates.includes("://")) await rules.roots.assertInside(candidates);
  else await assertPatterns({ candidates }, rules);
  if (rules.isKnown(candidates) && (await holdsRun(candidates))) await readManifest(candidates);
}

/** Patterns and directories are read when the run is planned. */
async function assertPatterns(
  inputs: Readonly<Record<string, string | readonly string[] | undefined>>,
  rules: PathRules,
): Promise<void> {
  const named = Object.entries(inputs).flatMap(([name, paths = []]) =>
    [paths].flat().map((path) => [name, path] as const),
  );
  for (const [name, path] of named) {
    const wildcard = path.search(/[*?[]/);
    if (wildcard < 0) await assertPlaces({ [name]: path }, { ...rules, kind: "either" });
    else {
      assertAbsolute(name, path);
      await rules.roots.assertInside(path.slice(0, path.lastIndexOf("/", wildcard) + 1));
    }
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

async function assertReadable(place: {
  readonly name: string;
  readonly path: string;
  readonly kind: PlaceKind;
}): Promise<void> {
  const { name, path, kind } = place;
  try {
    const isDirectory = (await stat(path)).isDirectory();
    if (isDirectory && kind !== "file") await refuseKernelFile(path);
    // Of a directory and of anything but a file it says what it is.
    else if (isDirectory || kind !== "directory") await assertRegular(path);
  } catch (error) {
    const problem =
      codeOf(error) === "ENOENT"
        ? "it does not exist on its machine."
        : readProblem(path, { error }).message;
    throw new SchedulerError(
      "UNREADABLE_INPUT",
      `The scheduler cannot read \`${name}\` ${path}: ${problem} ${placeRemedy(name)}`,
      { cause: error },
    );
  }
}

/** Inputs by user, which drafters get shard by shard. */
const SPLIT: readonly string[] = ["histories", "candidates", "trainedOn"];

function placeRemedy(name: string): string {
  return SPLIT.includes(name)
    ? "Put it where the scheduler has it under this path; no other node reads it."
    : "Scheduler and drafters read paths on their own machines: put the file where all of them have it under the same path.";
}

function assertAbsolute(name: string, path: string): void {
  if (isAbsolute(path)) return;
  throw new SchedulerError(
    "UNREADABLE_INPUT",
    `\`${name}\` ${path} is relative, but the scheduler has another working directory. ` +
      "Use an absolute path.",
  );
}
