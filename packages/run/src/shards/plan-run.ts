import type { HistoryRow } from "@nightbeam/dataset";
import type { RunRequest } from "@nightbeam/settings";
import { dependsOnDraft, plannedArguments } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { differencesText, planDifferences, type RunPlan, withDraftsOf } from "../plan.js";
import { storeJournal } from "../records/journal.js";
import type { RunOrigin } from "../records/origin.js";
import { cutInputs } from "./cut-inputs.js";

export interface PlanRunOptions {
  readonly store: ShardStore;
  readonly request: RunRequest;
  /** Hashes of the inputs, by the names that `nightbeam recommend` uses; one is `histories`. */
  readonly versions: Readonly<Record<string, string>>;
  /** What the plan names beside the request's own arguments. Default: nothing. */
  readonly arguments?: RunPlan["arguments"] | undefined;
  /** Stored beside a new plan. Default: nothing. */
  readonly origin?: RunOrigin | undefined;
  /** All rows of the histories, in order. Not read if the run is planned already. */
  readonly rows: AsyncIterable<readonly HistoryRow[]>;
  /** A run with more shards is refused before anything is written. Default: no limit. */
  readonly maxShards?: number | undefined;
  /** Counts the rows, for `maxShards`. Not called if the run is planned already. */
  readonly countRows?: (() => Promise<number>) | undefined;
  /** Called after every shard with the number of input rows so far. */
  readonly onRows?: ((rows: number) => void) | undefined;
  /** Called when the input files are written, before the plan is: what it writes is there when drafters begin. */
  readonly prepare?: ((plan: RunPlan) => Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plans a run: writes one file of input rows per shard, and then the plan, each only if it does not
 * exist. A planner that is killed can be run again, and concurrent planners of the same run end with
 * the same plan. A run that was started with other drafts continues, unless its lists depend on them.
 *
 * @returns the plan that counts, and whether this call wrote it
 * @throws RunError RUN_DIFFERS, BAD_REQUEST, SHARD_MISMATCH, STORE_DAMAGED; StoreError STORE_FAILED;
 * whatever `rows` throws; the signal's reason
 */
export async function planRun(
  options: PlanRunOptions,
): Promise<{ readonly plan: RunPlan; readonly created: boolean }> {
  const { store, request, signal } = options;
  const journal = storeJournal(store);
  const wanted = planOf(options);
  const before = await journal.readPlan();
  if (before !== undefined) {
    refuseOtherPlan(options, before, withRowsOf(wanted, before));
    return { plan: before, created: false };
  }
  await refuseTooMany(options);
  signal?.throwIfAborted();
  const inputRows = await cutInputs({ ...options, plan: wanted, limit: request.limit });
  signal?.throwIfAborted();
  const plan: RunPlan = { ...wanted, inputRows };
  await options.prepare?.(plan);
  signal?.throwIfAborted();
  if (await journal.createPlan(plan, options.origin)) return { plan, created: true };
  const existing = (await journal.readPlan()) ?? plan;
  refuseOtherPlan(options, existing, plan);
  return { plan: existing, created: false };
}

/** Refuses a run that would have too many shards. @throws RunError BAD_REQUEST */
async function refuseTooMany(options: PlanRunOptions): Promise<void> {
  const { request, maxShards, countRows } = options;
  if (maxShards === undefined || countRows === undefined) return;
  const { partSize, limit = Number.POSITIVE_INFINITY } = request;
  const rows = Math.min(limit, await countRows());
  const shards = Math.ceil(rows / partSize);
  if (shards <= maxShards) return;
  throw new RunError(
    "BAD_REQUEST",
    `The histories have ${rows} rows, which is ${shards} shards of ${partSize} rows; the maximum is ${maxShards} ` +
      `shards. Use --part-size ${Math.ceil(rows / maxShards)} or more.`,
  );
}

/** The plan, except for the number of input rows. */
function planOf(options: Pick<PlanRunOptions, "request" | "versions" | "arguments">): RunPlan {
  const { request, versions } = options;
  const { format, layout, partSize } = request;
  return {
    format,
    ...(layout === "flat" ? { layout } : {}),
    partSize,
    firstRow: 0,
    arguments: { ...plannedArguments(request), ...options.arguments },
    versions: { ...versions },
  };
}

/** The number of rows is only known after reading them all; the hash of the histories covers it. */
function withRowsOf(plan: RunPlan, { inputRows }: RunPlan): RunPlan {
  return inputRows === undefined ? plan : { ...plan, inputRows };
}

function refuseOtherPlan(
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
      "Submit the same request to continue it, or use another location.",
  );
}
