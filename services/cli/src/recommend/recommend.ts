import { resolve } from "node:path";
import { type Catalogue, filterCatalogue } from "@nightbeam/catalogue";
import {
  countHistories,
  openCatalogue,
  openTeacherLog,
  readHistories,
  readItemFilter,
  type TeacherLog,
} from "@nightbeam/dataset";
import {
  type BatchDecoder,
  candidateDecoder,
  type DraftPolicy,
  fixedWidths,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { answersHash } from "@nightbeam/model";
import {
  batchesAtOnce,
  decodeRows,
  draftPolicy,
  type OpenModels,
  openModels,
  userReader,
} from "@nightbeam/recommend";
import { type Manifest, type Run, type RunPlan, runFigures } from "@nightbeam/run";
import { dependsOnDraft, verificationOf } from "@nightbeam/settings";
import { candidatesOf, type RunCandidates } from "./candidates.js";
import type { RecommendOptions } from "./options.js";
import { forEachPart, PARTS_AT_ONCE } from "./parts.js";
import { openPlannedRun, planOf, runName } from "./plan.js";

/** What a run tells while it goes on. */
export interface RecommendEvents {
  /** A line for a person. */
  readonly say: (line: string) => void;
  readonly progress: (state: ProgressCounts) => void;
  readonly signal: AbortSignal;
}

export interface ProgressCounts {
  readonly done: number;
  readonly total: number;
  readonly before: number;
  readonly searches: number;
  readonly calls: number;
}

/**
 * Recommends for every user of the histories, into a run directory; goes on where an earlier,
 * interrupted run with the same arguments stopped.
 *
 * @returns the manifest, and whether there was anything left to do
 * @throws UsageError, DatasetError, ModelError, CatalogueError; the signal's reason when aborted
 */
export async function recommend(
  options: RecommendOptions,
  events: RecommendEvents,
): Promise<{ manifest: Manifest; alreadyDone: boolean }> {
  const { signal } = events;
  const known = await openCatalogue(options.catalogue);
  const searched = await filtered(known, options);
  const inFile = await countHistories({ path: options.histories });
  const rows = Math.min(inFile, options.limit ?? inFile);
  const { levels } = searched.trie;
  const drafts = options.draft.length > 0;
  const policy = drafts ? draftPolicy(options.draftWidth, { ...options, levels }) : fixedWidths([]);
  const histories = () => readHistories({ path: options.histories });
  const context = { known, searched, histories, signal, parts: PARTS_AT_ONCE };
  const candidates = await candidatesOf(options, { ...events, searched });
  const models = await openModels(options, context);
  try {
    const plan = await planOf(options, { rows, models, known, searched, candidates });
    signal.throwIfAborted();
    const teacherLog = await teacherLogOf(options, { plan, models, searched });
    const run = await openPlannedRun(options, plan, events.say);
    try {
      if (run.manifest !== undefined) return { manifest: run.manifest, alreadyDone: true };
      await decodeParts({
        run,
        models,
        policy,
        options,
        events,
        known,
        searched,
        rows,
        candidates,
        teacherLog,
      });
      return { manifest: await run.finish({ derive: runFigures }), alreadyDone: false };
    } finally {
      await run.close();
    }
  } finally {
    await models.close();
  }
}

async function filtered(known: Catalogue, options: RecommendOptions): Promise<Catalogue> {
  const { allow, block } = options;
  if (allow === undefined && block === undefined) return known;
  return filterCatalogue(known, await readItemFilter({ allow, block }));
}

async function teacherLogOf(
  options: RecommendOptions,
  run: { plan: RunPlan; models: OpenModels; searched: Catalogue },
): Promise<TeacherLog | undefined> {
  if (options.teacherLog === undefined) return undefined;
  return openTeacherLog({
    directory: resolve(options.teacherLog),
    run: runName(run.plan),
    source: {
      target: run.models.target.hash,
      catalogue: run.searched.hash,
      scoring: options.scoring,
      levels: run.searched.trie.levels,
    },
  });
}

interface Work {
  readonly run: Run;
  readonly models: OpenModels;
  readonly policy: DraftPolicy;
  readonly options: RecommendOptions;
  readonly events: RecommendEvents;
  readonly known: Catalogue;
  readonly searched: Catalogue;
  readonly rows: number;
  readonly candidates: RunCandidates | undefined;
  readonly teacherLog: TeacherLog | undefined;
}

/** Decodes and commits the parts that the run lacks. */
async function decodeParts(work: Work): Promise<void> {
  const { run, models, options, events, searched, rows } = work;
  const decoder = decoderOf(work);
  const read = userReader({
    ...work,
    encodePrompt: models.target.encodePrompt,
    maxPromptTokens: models.target.maxPromptTokens,
    excludeSeen: options.excludeSeen,
  });
  const before = [...run.committed.values()].reduce((sum, { rowCount }) => sum + rowCount, 0);
  if (before > 0) events.say(`Continuing: ${before} of ${rows} users were done before.`);
  const counts = { done: before, total: rows, before, searches: 0, calls: 0 };
  const nextKey = counter();
  const lap = stopwatch();
  await forEachPart(
    { ...options, rows, isDone: (index) => run.committed.has(index), signal: events.signal },
    async (index, part, signal) => {
      const { result, examples } = await decodeRows(part, {
        ...options,
        decoder,
        catalogue: searched,
        read,
        concurrency: batchesAtOnce(options),
        nextKey,
        onProgress: ({ users, outcomes }) => {
          counts.done += users;
          counts.searches += outcomes.length;
          for (const { cost } of outcomes) counts.calls += cost.calls;
          events.progress(counts);
        },
        signal,
      });
      const teacherLog = await work.teacherLog?.write(index, examples);
      const stats = { ...result.stats, wallSeconds: lap() };
      await run.commitPart({ ...result, index, stats, teacherLog });
    },
  );
}

function decoderOf({ models, policy, options, searched, candidates }: Work): BatchDecoder {
  const { scoring, beamWidth, precision } = options;
  const { target, drafter, draftVersions } = models;
  const search = {
    target: target.scorer,
    drafter,
    policy,
    space: { trie: searched.trie, scoring },
    beamWidth,
    verification: verificationOf(options),
    versions: {
      // Only relaxed lists depend on the draft.
      ...(dependsOnDraft(options) ? draftVersions : {}),
      target: answersHash({ checkpoint: target.hash, precision }),
      catalogue: searched.hash,
    },
  };
  return candidates === undefined
    ? speculativeDecoder(search)
    : candidateDecoder({ ...search, ...candidates.accepting });
}

function counter(): () => number {
  let next = 0;
  return () => next++;
}

/**
 * Seconds since the last lap: however many parts are under way at once, and over all attempts at a
 * run, the parts' laps add up to the time that passed.
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
