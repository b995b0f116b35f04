import {
  type Catalogue,
  type Exclusion,
  excludeItems,
  filteredOut,
  NOTHING_EXCLUDED,
} from "@nightbeam/catalogue";
import { fileHash, type HistoryRow, openCatalogue, readItemFilter } from "@nightbeam/dataset";
import { promptsHash } from "@nightbeam/model";
import {
  partCount,
  RunError,
  type RunPlan,
  readPlan,
  readRequest,
  readShardInput,
} from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import { openStore, type ShardStore } from "@nightbeam/store";
import { checkVersion } from "./check-versions.js";

/** A run as its store describes it. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly request: RunRequest;
}

/** A planned run, with its catalogue read and found to be the planned one. */
export interface OpenRun extends PlannedRun {
  readonly catalogue: Catalogue;
  /** What the request's lists leave out for everybody. Verifiers hold the whole catalogue. */
  readonly excluded: Exclusion;
}

/** @throws JobsError NOT_A_RUN, STORE_FAILED, STORE_DAMAGED */
export async function readPlannedRun(store: ShardStore): Promise<PlannedRun> {
  const plan = await readPlan(store);
  const request = (await readRequest(store))?.request;
  if (request !== undefined) return { plan, request };
  throw new RunError(
    "NOT_A_RUN",
    `${store.location} holds a plan and no request. Submit the run again.`,
  );
}

/**
 * Reads a run's catalogue and lists, and checks that this node has the files that the run was planned with.
 * All that decides lists is the same in request and plan, so it is read from the request.
 *
 * @throws DrafterError VERSION_DIFFERS; DatasetError, ModelError
 */
export async function openPlannedRun(run: PlannedRun): Promise<OpenRun> {
  const { request } = run;
  const catalogue = await openCatalogue(request.catalogue);
  const opened = { ...run, catalogue, excluded: await leftOut(catalogue, request) };
  await checkFiles(opened);
  return opened;
}

/** All rows of a run, a shard at a time. @throws JobsError from the iteration */
export async function* historiesOf(
  location: string,
  plan: RunPlan,
): AsyncGenerator<readonly HistoryRow[], void, undefined> {
  const store = await openStore(location);
  try {
    for (let index = 0; index < (partCount(plan) ?? 0); index++) {
      yield await readShardInput({ store, plan, index });
    }
  } finally {
    store.close();
  }
}

async function leftOut(catalogue: Catalogue, { allow, block }: RunRequest): Promise<Exclusion> {
  if (allow === undefined && block === undefined) return NOTHING_EXCLUDED;
  const items = filteredOut(catalogue, await readItemFilter({ allow, block }));
  return excludeItems(catalogue, items);
}

async function checkFiles({ plan, request, catalogue }: OpenRun): Promise<void> {
  const { versions } = plan;
  checkVersion({
    what: "catalogue",
    place: request.catalogue,
    planned: versions.catalogue,
    found: catalogue.hash,
  });
  for (const name of ["allow", "block"] as const) {
    const place = request[name];
    if (place === undefined) continue;
    const found = await fileHash(place);
    checkVersion({ what: `list of items to ${name}`, place, planned: versions[name], found });
  }
  checkVersion({
    what: "way of writing prompts (config, tokenizer and nightbeam.json)",
    place: request.target,
    planned: versions.prompts,
    found: await promptsHash(request.target),
  });
}
