import type { HistoryRow } from "@nightbeam/dataset";
import type { RunRequest } from "@nightbeam/settings";
import { dependsOnDraft, plannedArguments } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { differencesText, planDifferences, type RunPlan, withDraftsOf } from "../records/plan.js";
import { cutInputs } from "./cut-inputs.js";
import { storeJournal } from "./journal.js";

export interface PlanRunOptions {
  readonly store: ShardStore;
  readonly request: RunRequest;
  /** Hashes of what takes part, as `nightbeam recommend` names them; `histories` is one of them. */
  readonly versions: Readonly<Record<string, string>>;
  /** All rows of the histories, in order. Not read where the plan stands already. */
  readonly rows: AsyncIterable<readonly HistoryRow[]>;
  /** More shards are refused before all is cut; default no limit. */
  readonly maxShards?: number | undefined;
  /** After every shard: input rows that are cut. */
  readonly onRows?: ((rows: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plans a run: cuts the histories into one file of rows a shard, and then writes the plan, each only
 * if it is not there. Whoever is killed on the way is followed by a planner that does it again; any
 * number of planners of the same run, also at once, end with the same plan. A run that was begun with
 * other drafts goes on where no list depends on them.
 *
 * @returns the plan that counts, and whether this call wrote it
 * @throws RunError RUN_DIFFERS, BAD_REQUEST, SHARD_MISMATCH, STORE_FAILED, STORE_DAMAGED; what
 * `rows` throws; the signal's reason
 */
export async function planRun(
  options: PlanRunOptions,
): Promise<{ readonly plan: RunPlan; readonly created: boolean }> {
  const { store, request, signal } = options;
  const journal = storeJournal(store);
  const wanted = planOf(request, options.versions);
  const before = await journal.readPlan();
  if (before !== undefined) {
    refuseOther(options, before, withRowsOf(wanted, before));
    return { plan: before, created: false };
  }
  const inputRows = await cutInputs({ ...options, plan: wanted, limit: request.limit });
  signal?.throwIfAborted();
  const plan: RunPlan = { ...wanted, inputRows };
  if (await journal.createPlan(plan)) return { plan, created: true };
  const standing = (await journal.readPlan()) ?? plan;
  refuseOther(options, standing, plan);
  return { plan: standing, created: false };
}

/** What decides the result. */
function planOf(request: RunRequest, versions: Readonly<Record<string, string>>): RunPlan {
  const { format, partSize } = request;
  return {
    format,
    partSize,
    firstRow: 0,
    arguments: plannedArguments(request),
    versions: { ...versions },
  };
}

/** The number of rows is not known before they are cut; the hash of the histories stands for it. */
function withRowsOf(plan: RunPlan, { inputRows }: RunPlan): RunPlan {
  return inputRows === undefined ? plan : { ...plan, inputRows };
}

function refuseOther(
  { store, request }: Pick<PlanRunOptions, "store" | "request">,
  before: RunPlan,
  now: RunPlan,
): void {
  const wanted = dependsOnDraft(request) ? now : withDraftsOf(now, before);
  const differences = planDifferences(before, wanted);
  if (differences.length === 0) return;
  throw new RunError(
    "RUN_DIFFERS",
    `${store.location} holds a run with another plan: ${differencesText(differences)}. ` +
      "Submit the same to continue it, or name another place.",
  );
}
