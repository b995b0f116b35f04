import { createHash } from "node:crypto";
import type { Catalogue } from "@nightbeam/catalogue";
import { fileHash } from "@nightbeam/dataset";
import type { OpenModels } from "@nightbeam/recommend";
import {
  directoryJournal,
  isDraftVersion,
  openRun,
  type Run,
  RunError,
  type RunPlan,
  withDraftsOf,
} from "@nightbeam/run";
import { dependsOnDraft, plannedArguments } from "@nightbeam/settings";
import type { RunCandidates } from "./candidates.js";
import type { RecommendOptions } from "./options.js";

/** What determines the result: the same plan again continues the run, another is refused. */
export async function planOf(
  options: RecommendOptions,
  run: {
    rows: number;
    models: OpenModels;
    known: Catalogue;
    searched: Catalogue;
    candidates: RunCandidates | undefined;
  },
): Promise<RunPlan> {
  const { known, searched, candidates } = run;
  const { acceptAbove, partSize, format } = options;
  return {
    format,
    partSize,
    firstRow: 0,
    inputRows: run.rows,
    arguments: {
      ...plannedArguments(options),
      ...(acceptAbove === undefined ? {} : { acceptAbove }),
    },
    versions: {
      target: run.models.target.hash,
      ...run.models.draftVersions,
      catalogue: searched.hash,
      // Prompts may name items that the filter left out.
      ...(known === searched ? {} : { unfiltered: known.hash }),
      histories: await fileHash(options.histories),
      ...(candidates === undefined ? {} : { candidates: candidates.version }),
    },
  };
}

/**
 * Opens the run of a plan. One that was begun with other drafts is continued all the same where no
 * list depends on them; its plan goes on naming the first ones.
 *
 * @throws DatasetError
 */
export async function openPlannedRun(
  options: Pick<RecommendOptions, "out" | "verification">,
  plan: RunPlan,
  say: (line: string) => void,
): Promise<Run> {
  const { out: dir } = options;
  if (dependsOnDraft(options)) return openRun({ dir, plan });
  try {
    return await openRun({ dir, plan });
  } catch (error) {
    if (!(error instanceof RunError && error.code === "RUN_DIFFERS")) throw error;
    const standing = await directoryJournal(dir).readPlan();
    if (standing === undefined) throw error;
    const run = await openRun({ dir, plan: withDraftsOf(plan, standing) });
    say(
      "This run was begun with other drafts, or none: its manifest names those. No list changes.",
    );
    return run;
  }
}

/** Twelve hex digits that runs have in common whose parts hold the same lists. */
export function runName(plan: RunPlan): string {
  const versions = Object.entries(plan.versions).filter(([name]) => !isDraftVersion(name));
  const text = JSON.stringify({ ...plan, versions });
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
