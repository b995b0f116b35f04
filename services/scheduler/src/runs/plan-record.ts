import { type Catalogue, type Exclusion, excludeItems, filteredOut } from "@nightbeam/catalogue";
import { fileHash, inputHash, openCatalogue, readItemFilter } from "@nightbeam/dataset";
import { checkpointHash, openCheckpoint, openPrompts, promptsHash } from "@nightbeam/model";
import { MAX_SHARDS } from "@nightbeam/queue";
import {
  type CandidateJoin,
  candidateVersions,
  comparedCatalogue,
  describeChoice,
  itemOrderVersion,
  listNotes,
  openCandidateJoin,
  openRunHistories,
  plannedProgram,
  runOrigin,
  userGroupsVersions,
} from "@nightbeam/recommend";
import { planRun, type RunPlan, storeJournal, writeShardCandidates } from "@nightbeam/run";
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
  const { signal, log } = planning;
  const { request, runId } = record;
  const catalogue = await openCatalogue(request.catalogue);
  const { hashes, excluded } = await listsOf(request, catalogue);
  for (const note of listNotes(request, catalogue, excluded)) log.warn({ runId }, note);
  const inputs = await versionsOf(request, { catalogue, lists: hashes, signal });
  const searched = await comparedCatalogue(catalogue, request);
  const candidates = await openCandidateJoin(request, {
    ...{ historyCatalogue: catalogue, searched, signal },
    onProgress: () => planning.onRows(0),
  });
  try {
    const { version, counts, notes = [] } = candidates?.facts ?? {};
    for (const note of notes) log.warn({ runId }, note);
    if (counts !== undefined) log.info({ runId, ...counts }, "candidates were read");
    const proposed = await candidateVersions(request, { candidates: version, signal });
    const versions = { ...inputs, ...proposed };
    await planRows(record, { ...planning, catalogue, excluded, searched, versions, candidates });
  } finally {
    await candidates?.close();
  }
}

/** Chooses what the target is run for, splits the histories into shards and writes the plan. */
async function planRows(
  record: RunRecord,
  planning: Planning & {
    readonly catalogue: Catalogue;
    /** What the lists of items exclude for all users. */
    readonly excluded: Exclusion;
    /** The catalogue without these. */
    readonly searched: Catalogue;
    /** The hashes of the inputs. */
    readonly versions: RunPlan["versions"];
    readonly candidates: CandidateJoin | undefined;
  },
): Promise<void> {
  const { openOutput, signal, log, onRows, catalogue, excluded, searched, candidates } = planning;
  const { store } = await openOutput(record.out);
  const { request, runId } = record;
  const choice = chooseRunProgram(request, {
    live: planning.verifiers(),
    catalogue,
    closedPaths: excluded.closedLeaves().length,
    checkpoint: planning.versions.target ?? "",
    standing: await storeJournal(store).readPlan(),
  });
  log.info({ runId, ...choice }, describeChoice(choice, request.draft));
  const program = plannedProgram(choice);
  const { device = "cpu" } = request;
  const versions = { ...planning.versions, ...program.versions };
  let read = 0;
  const onProgress = () => onRows(read);
  const reuse = await planReuse({
    ...{ record, store, signal, log, searched, onProgress },
    plan: { arguments: { ...plannedArguments(request), ...program.arguments }, versions },
  });
  const histories = await openRunHistories(request, signal);
  const watched = async function* () {
    for await (const rows of histories.read({ chunkRows: CHUNK_ROWS })) {
      reuse.want(rows);
      candidates?.want(rows);
      yield rows;
    }
  };
  try {
    for (const note of histories.notes) log.info({ runId }, note);
    const about = { versions: planning.versions, device, choice };
    await planRun({
      ...{ store, request, versions, maxShards: MAX_SHARDS, signal },
      onRows: (rows) => {
        read = rows;
        onRows(rows);
      },
      origin: await runOrigin(request, { ...about, candidates: candidates?.facts.counts }),
      arguments: program.arguments,
      countRows: () => histories.count(),
      rows: watched(),
      prepare: async (plan) => {
        const { inputRows = 0 } = plan;
        const proposed = candidates?.rows({ inputRows, onProgress });
        if (proposed !== undefined) {
          await writeShardCandidates({ store, plan, candidates: proposed, onShard: onProgress });
        }
        await reuse.prepare(plan);
      },
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
