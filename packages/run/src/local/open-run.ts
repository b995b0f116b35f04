import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isTempName, makeDirectory, readFailure, systemCode, writeFailure } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";
import { differencesText, planDifferences, type RunPlan, runPlanSchema } from "../plan.js";
import { directoryJournal } from "../records/journal.js";
import {
  ANSWERS_DIRECTORY,
  COMMITS_DIRECTORY,
  LOCK_FILE,
  PARTS_DIRECTORY,
  PLAN_FILE,
  REJECTED_DIRECTORY,
  SEARCHES_DIRECTORY,
} from "../records/names.js";
import type { RunOrigin } from "../records/origin.js";
import { nextRunState, storedState } from "../state.js";
import { takeLock } from "./lock.js";
import { settleFiles } from "./part.js";
import { Run } from "./run.js";

/**
 * Opens a run in a directory: starts it if the directory is new or empty, continues it if it holds a
 * run with an equal plan. Leftovers of killed processes are completed or removed. The caller closes
 * the run.
 *
 * The directory holds plan.json, parts/, rejected/, searches/, answers/, commits/, and at the end rejected.jsonl and manifest.json.
 *
 * @throws RunError RUN_DIFFERS, NOT_A_RUN, RUN_LOCKED, RUN_DAMAGED, BAD_OPTION; StoreError
 * WRITE_FAILED, UNREADABLE
 */
export async function openRun(options: {
  readonly dir: string;
  readonly plan: RunPlan;
  /** Stored beside a new plan. Default: nothing. */
  readonly origin?: RunOrigin | undefined;
}): Promise<Run> {
  const { dir } = options;
  const plan = checkedPlan(options.plan);
  await makeRunDirectory(dir);
  await refuseForeign(dir);
  const lock = await takeLock(join(dir, LOCK_FILE));
  try {
    const journal = directoryJournal(dir);
    const resumed = !(await journal.createPlan(plan, options.origin));
    const existing = resumed ? await journal.readPlan() : plan;
    if (existing !== undefined) refuseOtherPlan(dir, existing, plan);
    const directories = [
      ...[PARTS_DIRECTORY, REJECTED_DIRECTORY],
      ...[SEARCHES_DIRECTORY, ANSWERS_DIRECTORY, COMMITS_DIRECTORY],
    ];
    for (const name of directories) await makeRunDirectory(join(dir, name));
    const committed = await journal.readCommits();
    for (const record of committed) await settleFiles(dir, record);
    await removeTemps(dir);
    for (const name of directories) await removeTemps(join(dir, name));
    const manifest = await journal.readManifest();
    const found = {
      manifest: manifest !== undefined,
      partial: false,
      paused: false,
      cancelled: false,
    };
    const before = storedState({ plan: resumed, ...found });
    const state = resumed ? before : nextRunState(before, "planned");
    return new Run({ state, target: { dir, plan, journal }, lock, resumed, committed, manifest });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

function checkedPlan(plan: RunPlan): RunPlan {
  const parsed = runPlanSchema.safeParse(plan);
  if (parsed.success) return parsed.data;
  const problem = z.prettifyError(parsed.error).replaceAll("\n", " ");
  throw new RunError("BAD_OPTION", `The plan is not valid: ${problem}.`);
}

async function makeRunDirectory(path: string): Promise<void> {
  try {
    await makeDirectory(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw writeFailure(path, error);
    throw new RunError("NOT_A_RUN", `${path} is a file. Name a directory for the run.`);
  }
}

/** A directory with files but without a plan belongs to something else; nothing is written to it. */
async function refuseForeign(dir: string): Promise<void> {
  const names = await namesIn(dir);
  // A process that was killed before it wrote the plan leaves at most these.
  const foreign = names.filter((name) => name !== LOCK_FILE && !isTempName(name));
  if (names.includes(PLAN_FILE) || foreign.length === 0) return;
  throw new RunError(
    "NOT_A_RUN",
    `${dir} holds other files (${foreign.slice(0, 3).join(", ")}) and no run. ` +
      "Name an empty directory, or one that does not exist yet.",
  );
}

function refuseOtherPlan(dir: string, before: RunPlan, now: RunPlan): void {
  const differences = planDifferences(before, now);
  if (differences.length === 0) return;
  throw new RunError(
    "RUN_DIFFERS",
    `${dir} holds a run with another plan: ${differencesText(differences)}. ` +
      "Use the same arguments to continue it, or name another --out.",
  );
}

async function removeTemps(dir: string): Promise<void> {
  for (const name of await namesIn(dir)) {
    // A process that is waiting for the lock may be using one of these.
    if (name.startsWith(`.${LOCK_FILE}.`)) continue;
    if (isTempName(name)) await rm(join(dir, name), { force: true });
  }
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") {
      throw new RunError("NOT_A_RUN", `${dir} is a file. Name a directory.`, { cause: error });
    }
    throw readFailure(dir, error);
  }
}
