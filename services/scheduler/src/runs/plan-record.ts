import { type Catalogue, filteredOut } from "@nightbeam/catalogue";
import { fileHash, openCatalogue, readHistories, readItemFilter } from "@nightbeam/dataset";
import { checkpointHash, openCheckpoint, openPrompts, promptsHash } from "@nightbeam/model";
import { MAX_SHARDS } from "@nightbeam/queue";
import { planRun } from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import { draftVersion, parseDraftName } from "@nightbeam/settings";
import type { PlanningProgress } from "./planner.js";
import type { OpenOutput } from "./run-output.js";
import type { RunRecord } from "./run-record.js";

/** Rows read at once. */
const CHUNK_ROWS = 4_096;

/**
 * Plans a run: computes the hashes of everything that decides its result, splits its histories into shards and
 * writes its plan. An existing plan is compared.
 *
 * @throws DatasetError, ModelError, CatalogueError, RunError, StoreError; the signal's reason
 */
export async function planRecord(
  record: RunRecord,
  { openOutput, signal, onRows }: PlanningProgress & { readonly openOutput: OpenOutput },
): Promise<void> {
  const { store } = await openOutput(record.out);
  const { request } = record;
  const versions = await versionsOf(request, signal);
  const rows = readHistories({ path: request.histories, chunkRows: CHUNK_ROWS });
  await planRun({ store, request, versions, rows, maxShards: MAX_SHARDS, onRows, signal });
}

/** The hashes of all inputs, by the names that `nightbeam recommend` gives them. */
async function versionsOf(
  request: RunRequest,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const catalogue = await openCatalogue(request.catalogue);
  const lists = await listsOf(request, catalogue);
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
    histories: await fileHash(request.histories, signal),
  };
}

/** The hashes of the allow and block lists. Items that the catalogue does not have are refused. */
async function listsOf(
  { allow, block }: RunRequest,
  catalogue: Catalogue,
): Promise<Record<string, string>> {
  filteredOut(catalogue, await readItemFilter({ allow, block }));
  return {
    ...(allow === undefined ? {} : { allow: await fileHash(allow) }),
    ...(block === undefined ? {} : { block: await fileHash(block) }),
  };
}

async function hashOf(directory: string): Promise<string> {
  return checkpointHash(await openCheckpoint(directory));
}
