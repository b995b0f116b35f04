import { resolve } from "node:path";
import { filterCatalogue, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  type Histories,
  openCatalogue,
  openHistories,
  openTeacherLog,
  readItemFilter,
  type TeacherLog,
} from "@nightbeam/dataset";
import { promptColumns, searchedCatalogue } from "@nightbeam/model";
import {
  directoryJournal,
  type Manifest,
  type Run,
  type RunPlan,
  runFigures,
} from "@nightbeam/run";
import type { RecommendSettings } from "@nightbeam/settings";
import { openRowsDecoder, type RowsDecoder } from "../open-rows-decoder.js";
import type { ProgramChoice } from "../program/choose-program.js";
import { programFor } from "../program/planned-program.js";
import { readItemWeights } from "../shard/item-order.js";
import { listNotes } from "../shard/list-notes.js";
import { openUserGroups } from "../shard/user-groups.js";
import { forEachPart } from "./for-each-part.js";
import { readCandidates } from "./read-candidates.js";
import { runOrigin } from "./run-origin.js";
import { openPlannedRun, runName, runPlan } from "./run-plan.js";

/** What happens in a run on one machine. */
export type RecommendEvent =
  /** Proposed items were read; `unknown` of them are ignored, as the searched catalogue lacks them. */
  | {
      readonly kind: "candidates";
      readonly users: number;
      readonly items: number;
      readonly unknown: number;
    }
  /** What the target is run for was chosen or given; for tree calls only if `search` was given. */
  | ({ readonly kind: "program" } & ProgramChoice)
  /** What is not obvious about the histories' files, or a setting that changes nothing: with keys in backticks. */
  | { readonly kind: "note"; readonly text: string }
  /** The run was begun with other drafts, or none: its manifest names those. No list changes. */
  | { readonly kind: "other-drafts" }
  /** An interrupted run is continued. */
  | { readonly kind: "continued"; readonly done: number; readonly total: number }
  | { readonly kind: "progress"; readonly counts: ProgressCounts };

export interface ProgressCounts {
  /** Users who have a list or a rejection. */
  readonly done: number;
  readonly total: number;
  /** Users who were done when the run was opened. */
  readonly before: number;
  /** Searches of this process, and calls of the target for them. */
  readonly searches: number;
  readonly calls: number;
}

export interface RunOptions {
  readonly onEvent: (event: RecommendEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Recommends for every user of the histories, into a run directory. A run with equal settings that was
 * interrupted is continued.
 *
 * @returns the manifest, and whether the run was complete before
 * @throws RecommendError, SettingsError, RunError, DatasetError, ModelError, CatalogueError; the
 * signal's reason
 */
export async function recommendRun(
  settings: RecommendSettings,
  options: RunOptions,
): Promise<{ manifest: Manifest; alreadyDone: boolean }> {
  const { histories: path, columns, duplicateUsers, limit } = settings;
  const histories = await openHistories({
    path,
    columns,
    texts: await promptColumns(settings.target),
    duplicateUsers,
    limit,
    signal: options.signal,
  });
  try {
    for (const text of histories.notes) options.onEvent({ kind: "note", text });
    return await recommendAll(settings, histories, options);
  } finally {
    await histories.close();
  }
}

async function recommendAll(
  settings: RecommendSettings,
  histories: Histories,
  { onEvent, signal }: RunOptions,
): Promise<{ manifest: Manifest; alreadyDone: boolean }> {
  const { allow, block } = settings;
  const historyCatalogue = await openCatalogue(settings.catalogue);
  const recommended = filterCatalogue(historyCatalogue, await readItemFilter({ allow, block }));
  const { target: directory, scoring } = settings;
  const searched = await searchedCatalogue(recommended, { directory, scoring });
  const rows = await histories.count();
  const candidates = await readCandidates(settings, { catalogue: searched, signal });
  if (candidates !== undefined) {
    const { users, items, unknown } = candidates;
    onEvent({ kind: "candidates", users, items, unknown });
  }
  const { accepting } = candidates ?? {};
  const standing = await directoryJournal(settings.out).readPlan();
  const { kind: device } = settings.device;
  const how = { settings, programs: undefined, device, trie: searched.trie };
  const choice = programFor(how, standing);
  const { program } = choice;
  if (program !== "tree-scores" || settings.search !== undefined) {
    onEvent({ kind: "program", ...choice });
  }
  for (const text of listNotes(settings, searched)) onEvent({ kind: "note", text });
  const itemWeights = await readItemWeights({
    itemOrder: settings.itemOrder,
    catalogue: searched,
    histories: () => histories.read(),
    signal,
  });
  const { allowLists, userGroups } = settings;
  const groups = await openUserGroups({
    ...{ allowLists, userGroups, catalogue: searched },
    excluded: NOTHING_EXCLUDED,
  });
  const decoder = await openRowsDecoder(
    { ...settings, program },
    {
      ...{ historyCatalogue, searched, accepting, itemWeights, groups, signal },
      histories: () => histories.read(),
    },
  );
  try {
    const models = decoder.modelVersions;
    const versions = {
      historyCatalogue,
      searched,
      models,
      candidates: candidates?.version,
      choice,
    };
    const plan = await runPlan(settings, { rows, ...versions });
    signal.throwIfAborted();
    const { levels } = historyCatalogue.trie;
    const teacherLog = await teacherLogOf(settings, { plan, levels });
    const origin = await runOrigin(settings, {
      versions: plan.versions,
      device: deviceName(settings.device),
      choice,
    });
    const onOtherDrafts = () => onEvent({ kind: "other-drafts" });
    const run = await openPlannedRun(settings, { plan, origin, onOtherDrafts });
    try {
      if (run.manifest !== undefined) return { manifest: run.manifest, alreadyDone: true };
      await decodeParts(run, { settings, histories, rows, decoder, teacherLog, onEvent, signal });
      return { manifest: await run.finish({ derive: runFigures }), alreadyDone: false };
    } finally {
      await run.close();
    }
  } finally {
    await decoder.close();
  }
}

function deviceName(device: RecommendSettings["device"]): string {
  return device.kind === "cuda" ? `cuda:${device.index}` : device.kind;
}

async function teacherLogOf(
  { teacherLog, scoring }: RecommendSettings,
  { plan, levels }: { plan: RunPlan; levels: number },
): Promise<TeacherLog | undefined> {
  if (teacherLog === undefined) return undefined;
  const { target = "", catalogue = "" } = plan.versions;
  return openTeacherLog({
    directory: resolve(teacherLog),
    run: runName(plan),
    source: { target, catalogue, scoring, levels },
  });
}

/** Decodes and commits the parts that the run lacks. */
async function decodeParts(
  run: Run,
  options: RunOptions & {
    readonly settings: Pick<RecommendSettings, "partSize" | "teacherSample">;
    readonly histories: Histories;
    readonly rows: number;
    readonly decoder: RowsDecoder;
    readonly teacherLog: TeacherLog | undefined;
  },
): Promise<void> {
  const { settings, histories, rows, decoder, teacherLog, onEvent } = options;
  const { partSize, teacherSample } = settings;
  const before = [...run.committed.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  if (before > 0) onEvent({ kind: "continued", done: before, total: rows });
  const counts = { done: before, total: rows, before, searches: 0, calls: 0 };
  const lap = stopwatch();
  const isDone = (index: number) => run.committed.has(index);
  await forEachPart(
    { histories, rows, partSize, isDone, signal: options.signal },
    async (index, part, signal) => {
      const { result, examples } = await decoder.decode(part, {
        teacherSample,
        signal,
        onProgress: ({ users, outcomes }) => {
          counts.done += users;
          counts.searches += outcomes.length;
          for (const { cost } of outcomes) counts.calls += cost.calls;
          onEvent({ kind: "progress", counts: { ...counts } });
        },
      });
      const log = await teacherLog?.write(index, examples);
      const stats = { ...result.stats, wallSeconds: lap() };
      const draftWidths = decoder.draftWidths();
      await run.commitPart({ ...result, index, stats, draftWidths, teacherLog: log });
    },
  );
}

/**
 * Returns the seconds since the last call: for any number of parts in progress, and over all
 * attempts at a run, the parts' seconds add up to the time that passed.
 */
function stopwatch(): () => number {
  let since = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - since) / 1000;
    since = now;
    return seconds;
  };
}
