import { createHash } from "node:crypto";
import type { Catalogue } from "@nightbeam/catalogue";
import { fileHash, inputHash } from "@nightbeam/dataset";
import {
  directoryJournal,
  isDraftVersion,
  openRun,
  type Run,
  RunError,
  type RunOrigin,
  type RunPlan,
  withDraftsOf,
} from "@nightbeam/run";
import { dependsOnDraft, plannedArguments, type RecommendSettings } from "@nightbeam/settings";
import type { ProgramChoice } from "../program/choose-program.js";
import { plannedProgram } from "../program/planned-program.js";
import { userGroupsVersions } from "../shard/user-groups.js";

/** Returns what determines the result: the same plan again continues the run, another is refused. */
export async function runPlan(
  settings: RecommendSettings,
  run: {
    /** Input rows of the run. */
    rows: number;
    /** The catalogue that histories are written in. */
    historyCatalogue: Catalogue;
    searched: Catalogue;
    /** Hashes of the target and of the drafts that are models, by their names in the plan. */
    models: Readonly<Record<string, string>>;
    /** Hash of the candidates. Default: there are none. */
    candidates: string | undefined;
    /** What the target is run for. */
    choice: ProgramChoice;
  },
): Promise<RunPlan> {
  const { historyCatalogue, searched, candidates } = run;
  const program = plannedProgram(run.choice);
  const { partSize, format, layout } = settings;
  return {
    format,
    ...(layout === "flat" ? { layout } : {}),
    partSize,
    firstRow: 0,
    inputRows: run.rows,
    arguments: {
      ...plannedArguments({ ...settings, device: settings.device.kind }),
      ...program.arguments,
    },
    versions: {
      ...program.versions,
      ...run.models,
      catalogue: searched.hash,
      // Prompts may name items that the filter left out.
      ...(historyCatalogue.hash === searched.hash ? {} : { unfiltered: historyCatalogue.hash }),
      histories: await inputHash(settings.histories),
      ...(await itemOrderVersion(settings.itemOrder)),
      ...(await userGroupsVersions(settings)),
      ...(await candidateVersions(settings, { candidates })),
    },
  };
}

/** The hash of a file of items in order, for a plan's versions. @throws DatasetError */
export async function itemOrderVersion(
  itemOrder: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (itemOrder === undefined || itemOrder === "histories") return {};
  return { itemOrder: await fileHash(itemOrder) };
}

/** The hashes of candidates, and of the histories that tell which are new, for a plan's versions. @throws DatasetError */
export async function candidateVersions(
  { trainedOn }: Pick<RecommendSettings, "trainedOn">,
  run: { readonly candidates: string | undefined; readonly signal?: AbortSignal },
): Promise<Readonly<Record<string, string>>> {
  const { candidates, signal } = run;
  return {
    ...(candidates === undefined ? {} : { candidates }),
    ...(trainedOn === undefined ? {} : { trainedOn: await inputHash(trainedOn, signal) }),
  };
}

/** A plan, and what is stored beside it. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly origin: RunOrigin;
  /** Called if the run was begun with other drafts. */
  readonly onOtherDrafts: () => void;
}

/**
 * Opens the run of a plan. A run that was begun with other drafts is continued if no list depends on
 * them; its plan keeps the first ones.
 *
 * @throws RunError
 */
export async function openPlannedRun(
  settings: Pick<RecommendSettings, "out" | "verification">,
  { plan, origin, onOtherDrafts }: PlannedRun,
): Promise<Run> {
  const { out: dir } = settings;
  if (dependsOnDraft(settings)) return openRun({ dir, plan, origin });
  try {
    return await openRun({ dir, plan, origin });
  } catch (error) {
    if (!(error instanceof RunError && error.code === "RUN_DIFFERS")) throw error;
    const standing = await directoryJournal(dir).readPlan();
    if (standing === undefined) throw error;
    const run = await openRun({ dir, plan: withDraftsOf(plan, standing) });
    onOtherDrafts();
    return run;
  }
}

/** Returns twelve hex digits that runs have in common if their parts hold the same lists. */
export function runName(plan: RunPlan): string {
  const versions = Object.entries(plan.versions).filter(([name]) => !isDraftVersion(name));
  const text = JSON.stringify({ ...plan, versions });
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
