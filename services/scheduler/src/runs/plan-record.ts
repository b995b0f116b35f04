import { type Catalogue, type Exclusion, excludeItems, filteredOut } from "@nightbeam/catalogue";
import { fileHash, inputHash, openCatalogue, readItemFilter } from "@nightbeam/dataset";
import { checkpointHash, openCheckpoint, openPrompts, promptsHash } from "@nightbeam/model";
import { MAX_SHARDS } from "@nightbeam/queue";
import {
  comparedCatalogue,
  describeChoice,
  itemOrderVersion,
  listNotes,
  openRunHistories,
  plannedProgram,
  runOrigin,
  userGroupsVersions,
} from "@nightbeam/recommend";
import { planRun, storeJournal } from "@nightbeam/run";
import type { Log } from "@nightbeam/service/log";
import type { RunRequest } from "@nightbeam/settings";
import { draftVersion, parseDraftName, plannedArguments } from "@nightbeam/settings";
import { chooseRunProgram } from "./choose-run-program.js";
import type { LiveVerifiers } from "./live-verifiers.js";
import { planReuse } from "./plan-reuse.js";
import type { PlanningProgress } from "./planner.js";
import type { OpenOutput } from "./run-output.js";
import type { RunRecord } from "./run-record.js";

/** Rows read at once. */
const CHUNK_ROWS = 4_096;

/**
 * Plans a run: computes the hashes of everything that decides its result, splits its histories into shards and
 * writes its plan. An existing plan is compared.
 *
 * @throws DatasetError, ModelError, CatalogueError, RunError, RecommendError, StoreError; the signal's reason
 */
export async function planRecord(record: RunRecord, planning: Planning): Promise<void> {
  const { openOutput, signal, onRows } = planning;
  const { store } = await openOutput(record.out);
  const { request } = record;
  const catalogue = await openCatalogue(request.catalogue);
  const { hashes, excluded } = await listsOf(request, catalogue);
  for (const note of listNotes(request, catalogue, excluded)) {
    planning.log.warn({ runId: record.runId }, note);
  }
  const closedPaths = excluded.closedLeaves().length;
  const inputs = await versionsOf(request, { catalogue, lists: hashes, signal });
  const choice = chooseRunProgram(request, {
    live: planning.verifiers(),
    catalogue,
    closedPaths,
    checkpoint: inputs.target ?? "",
    standing: await storeJournal(store).readPlan(),
  });
  const words = describeChoice(choice, request.draft);
  planning.log.info({ runId: record.runId, ...choice }, words);
  const program = plannedProgram(choice);
  const { device = "cpu" } = request;
  const versions = { ...inputs, ...program.versions };
  let read = 0;
  const reuse = await planReuse({
    ...{ record, store, signal, log: planning.log },
    searched: await comparedCatalogue(catalogue, request),
    plan: { arguments: { ...plannedArguments(request), ...program.arguments }, versions },
    onProgress: () => onRows(read),
  });
  const histories = await openRunHistories(request, signal);
  try {
    for (const note of histories.notes) planning.log.info({ runId: record.runId }, note);
    await planRun({
      ...{ store, request, versions, maxShards: MAX_SHARDS, signal },
      onRows: (rows) => {
        read = rows;
        onRows(rows);
      },
      origin: await runOrigin(request, { versions: inputs, device, choice }),
      arguments: program.arguments,
      countRows: () => histories.count(),
      rows: reuse.watch(histories.read({ chunkRows: CHUNK_ROWS })),
      prepare: (plan) => reuse.prepare(plan),
    });
  } finally {
    await histories.close();
    await reuse.close();
  }
}

/** What planning a run needs besides its record. */
export interface Planning extends PlanningProgress {
  readonly openOutput: OpenOutput;
  readonly verifiers: () => LiveVerifiers;
  readonly log: Pick<Log, "info" | "warn">;
}

/** The hashes of all inputs, by the names that `nightbeam recommend` gives them. */
async function versionsOf(
  request: RunRequest,
  options: {
    readonly catalogue: Catalogue;
    readonly lists: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<Readonly<Record<string, string>>> {
  const { catalogue, lists, signal } = options;
  // Refuses a catalogue that does not fit the model, before histories are split.
  await openPrompts({ directory: request.target, catalogue });
  signal.throwIfAborted();
  const drafts: Record<string, string> = {};
  for (const name of request.draft.map(parseDraftName)) {
    if (name.kind !== "checkpoint") continue;
    drafts[draftVersion(Object.keys(drafts).length + 1)] = await hashOf(name.path);
    signal.throwIfAborted();
  }
  const target = await hashOf(request.target);
  signal.throwIfAborted();
  return {
    target,
    // The only part of the target that drafters read.
    prompts: await promptsHash(request.target),
    ...drafts,
    catalogue: catalogue.hash,
    ...lists,
    histories: await inputHash(request.histories, signal),
    ...(await itemOrderVersion(request.itemOrder)),
    ...(await userGroupsVersions(request)),
  };
}

/**
 * The hashes of the allow and block lists, and the items that they exclude for all users. Items that the catalogue does not have
 * are refused.
 */
async function listsOf(
  { allow, block }: RunRequest,
  catalogue: Catalogue,
): Promise<{ readonly hashes: Record<string, string>; readonly excluded: Exclusion }> {
  const items = filteredOut(catalogue, await readItemFilter({ allow, block }));
  return {
    hashes: {
      ...(allow === undefined ? {} : { allow: await fileHash(allow) }),
      ...(block === undefined ? {} : { block: await fileHash(block) }),
    },
    excluded: excludeItems(catalogue, items),
  };
}

async function hashOf(directory: string): Promise<string> {
  return checkpointHash(await openCheckpoint(directory));
}
