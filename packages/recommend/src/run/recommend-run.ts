import { resolve } from "node:path";
import { filterCatalogue, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  type Histories,
  openCatalogue,
  openTeacherLog,
  readItemFilter,
  type TeacherLog,
} from "@nightbeam/dataset";
import { searchedCatalogue } from "@nightbeam/model";
import {
  assertReusable,
  directoryJournal,
  type EarlierRun,
  type Manifest,
  openEarlierRun,
  type RunPlan,
  runFigures,
} from "@nightbeam/run";
import { keepsAnswers, type RecommendSettings, reusedRun } from "@nightbeam/settings";
import { workersNote } from "../models/machine-model.js";
import { openRowsDecoder } from "../open-rows-decoder.js";
import { programFor } from "../program/planned-program.js";
import { openReuse } from "../reuse/open-reuse.js";
import { readItemWeights } from "../shard/item-order.js";
import { listNotes } from "../shard/list-notes.js";
import { openUserGroups } from "../shard/user-groups.js";
import { decodeParts } from "./decode-parts.js";
import { openRunHistories } from "./open-run-histories.js";
import { assertProposedFor, readCandidates } from "./read-candidates.js";
import type { RunOptions } from "./run-events.js";
import { runOrigin } from "./run-origin.js";
import { openPlannedRun, runName, runPlan } from "./run-plan.js";

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
  const histories = await openRunHistories(settings, options.signal);
  try {
    for (const text of histories.notes) options.onEvent({ kind: "note", text });
    const place = reusedRun(settings);
    const earlier = place === undefined ? undefined : await openEarlierRun(place);
    try {
      return await recommendAll(settings, { ...options, histories, earlier });
    } finally {
      earlier?.close();
    }
  } finally {
    await histories.close();
  }
}

async function recommendAll(
  settings: RecommendSettings,
  {
    histories,
    earlier,
    onEvent,
    signal,
  }: RunOptions & {
    readonly histories: Histories;
    /** The run that lists are taken from. */
    readonly earlier: EarlierRun | undefined;
  },
): Promise<{ manifest: Manifest; alreadyDone: boolean }> {
  const { allow, block } = settings;
  const historyCatalogue = await openCatalogue(settings.catalogue);
  const recommended = filterCatalogue(historyCatalogue, await readItemFilter({ allow, block }));
  const { target: directory, scoring } = settings;
  const searched = await searchedCatalogue(recommended, { directory, scoring });
  const rows = await histories.count();
  const candidates = await readCandidates(settings, { historyCatalogue, searched, signal });
  if (candidates !== undefined) {
    onEvent({ kind: "candidates", ...candidates.counts });
    await assertProposedFor(candidates, { settings, rows: histories.read({ limit: rows }) });
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
  const notes = [
    ...listNotes(settings, searched),
    workersNote(settings),
    ...(candidates?.notes ?? []),
    earlier === undefined
      ? undefined
      : `lists of users whose question is the same are taken from ${earlier.record.run}`,
  ];
  for (const text of notes) if (text !== undefined) onEvent({ kind: "note", text });
  const itemWeights = await readItemWeights({
    itemOrder: settings.itemOrder,
    catalogue: searched,
    // The rows of the run, as in a cluster.
    histories: () => histories.read({ limit: rows }),
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
      candidates: candidates?.counts,
    });
    if (earlier !== undefined) assertReusable(earlier, plan);
    const onOtherDrafts = () => onEvent({ kind: "other-drafts" });
    const run = await openPlannedRun(settings, { plan, origin, onOtherDrafts });
    try {
      if (run.manifest !== undefined) return { manifest: run.manifest, alreadyDone: true };
      const { trie, hash: catalogue } = searched;
      if (keepsAnswers(settings)) await run.keepTrie({ catalogue, trie });
      if (earlier !== undefined) await run.noteReuse(earlier.record);
      const reuse =
        earlier === undefined
          ? undefined
          : await openReuse(earlier, { plan, trie, histories, signal });
      try {
        await decodeParts(run, {
          ...{ settings, histories, rows, decoder, teacherLog, reuse, onEvent, signal },
        });
      } finally {
        await reuse?.close();
      }
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
