import {
  type Catalogue,
  type Exclusion,
  excludeItems,
  filteredOut,
  NOTHING_EXCLUDED,
} from "@nightbeam/catalogue";
import { fileHash, type HistoryRow, openCatalogue, readItemFilter } from "@nightbeam/dataset";
import { promptsHash, searchedCatalogue } from "@nightbeam/model";
import { itemOrderVersion, userGroupsVersions } from "@nightbeam/recommend";
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

/** The plan and the request of a run. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly request: RunRequest;
}

/** A planned run with its catalogue, which was checked to be the planned one. */
export interface OpenRun extends PlannedRun {
  readonly catalogue: Catalogue;
  /** The same as it is searched: with the levels of the target's closing tokens. */
  readonly searched: Catalogue;
  /** Items that the request's allow and block lists exclude for all users. Verifiers hold the whole catalogue. */
  readonly excluded: Exclusion;
}

/** Reads plan and request from a run's store. @throws RunError NOT_A_RUN; StoreError STORE_FAILED, STORE_DAMAGED */
export async function readPlannedRun(store: ShardStore): Promise<PlannedRun> {
  const plan = await readPlan(store);
  const request = (await readRequest(store))?.request;
  if (request !== undefined) return { plan, request };
  throw new RunError(
    "NOT_A_RUN",
    `${store.location} contains a plan but no request. Submit the run again.`,
  );
}

/**
 * Reads a run's catalogue and its allow and block lists, and checks that this node has the files that the run
 * was planned with. Settings are read from the request; they are the same as in the plan.
 *
 * @throws DrafterError VERSION_DIFFERS; DatasetError, ModelError
 */
export async function openPlannedRun(run: PlannedRun): Promise<OpenRun> {
  const { request } = run;
  const catalogue = await openCatalogue(request.catalogue);
  const { target: directory, scoring } = request;
  const searched = await searchedCatalogue(catalogue, { directory, scoring });
  const excluded = await excludedItems(searched, request);
  const opened = { ...run, catalogue, searched, excluded };
  await checkFiles(opened);
  return opened;
}

/** All rows of a run, shard by shard. @throws StoreError, RunError while iterating */
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

async function excludedItems(
  catalogue: Catalogue,
  { allow, block }: RunRequest,
): Promise<Exclusion> {
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
    what: "order of items",
    place: request.itemOrder ?? "",
    planned: versions.itemOrder,
    found: (await itemOrderVersion(request.itemOrder)).itemOrder ?? "",
  });
  for (const [name, found] of Object.entries(await userGroupsVersions(request))) {
    const place = (name === "userGroups" ? request.userGroups : request.allowLists) ?? "";
    const what = name === "userGroups" ? "groups of users" : "lists of allowed items";
    checkVersion({ what, place, planned: versions[name], found });
  }
  checkVersion({
    what: "prompt format (config, tokenizer and nightbeam.json)",
    place: request.target,
    planned: versions.prompts,
    found: await promptsHash(request.target),
  });
}
