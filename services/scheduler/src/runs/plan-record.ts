import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { filterCatalogue } from "@nightbeam/catalogue";
import { openCatalogue, readHistories, readItemList } from "@nightbeam/dataset";
import { MAX_SHARDS, planRun, type RunRequest } from "@nightbeam/jobs";
import { checkpointHash, openCheckpoint, openPrompts, promptsHash } from "@nightbeam/model";
import { TRANSITIONS } from "@nightbeam/recommend";
import type { PlanningProgress } from "./planner.js";
import type { OpenOut } from "./run-out.js";
import type { RunRecord } from "./run-record.js";

/** Rows read at once. */
const CHUNK_ROWS = 4_096;

/**
 * Plans a run: computes the hashes of all that decides its result, cuts its histories and writes its
 * plan. Where the plan stands it is compared.
 *
 * @throws DatasetError, ModelError, CatalogueError, JobsError; the signal's reason
 */
export async function planRecord(
  record: RunRecord,
  { openOut, signal, onRows }: PlanningProgress & { readonly openOut: OpenOut },
): Promise<void> {
  const { store } = await openOut(record.out);
  const { request } = record;
  const versions = await versionsOf(request, signal);
  const rows = readHistories({ path: request.histories, chunkRows: CHUNK_ROWS });
  await planRun({ store, request, versions, rows, mostShards: MAX_SHARDS, onRows, signal });
}

/** Hashes of what takes part, by the names that `nightbeam recommend` gives them. */
async function versionsOf(
  request: RunRequest,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const known = await openCatalogue(request.catalogue);
  const { allow, block } = request;
  const searched =
    allow === undefined && block === undefined
      ? known
      : filterCatalogue(known, {
          ...(allow === undefined ? {} : { allow: await readItemList(allow) }),
          ...(block === undefined ? {} : { block: await readItemList(block) }),
        });
  // Refuses a catalogue that the model was not made for, before anything is cut.
  await openPrompts({ directory: request.target, catalogue: known });
  signal.throwIfAborted();
  const drafts: Record<string, string> = {};
  for (const directory of request.draft) {
    if (directory === TRANSITIONS) continue;
    const earlier = Object.keys(drafts).length;
    drafts[earlier === 0 ? "draft" : `draft${earlier + 1}`] = await hashOf(directory);
    signal.throwIfAborted();
  }
  const target = await hashOf(request.target);
  signal.throwIfAborted();
  return {
    target,
    // All that a drafter has of the target.
    prompts: await promptsHash(request.target),
    ...drafts,
    catalogue: searched.hash,
    // Prompts may name items that the filter left out.
    ...(known === searched ? {} : { unfiltered: known.hash }),
    histories: await fileHash(request.histories, signal),
  };
}

async function hashOf(directory: string): Promise<string> {
  return checkpointHash(await openCheckpoint(directory));
}

async function fileHash(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest("hex");
}
