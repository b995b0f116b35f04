import { DatasetError, type HistoryRow, openHistories } from "@nightbeam/dataset";
import { columnsField } from "@nightbeam/settings";
import { type ShardStore, StoreError } from "@nightbeam/store";
import type { RunPlan } from "../plan.js";
import { readShardInput } from "../shards/read-shard-input.js";
import { INPUTS_PREFIX } from "./names.js";
import type { RunOrigin } from "./origin.js";

/**
 * The input rows of a part: from the copy that a cluster makes, or from the histories that the run names, if they are
 * still where they were. For people: a file that was changed since gives other rows.
 *
 * @returns undefined if the rows cannot be read any more
 * @throws RunError STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function readPartRows(
  store: ShardStore,
  run: {
    readonly plan: RunPlan;
    readonly origin: RunOrigin | undefined;
    readonly part: { readonly firstRow: number; readonly rowCount: number };
  },
): Promise<readonly HistoryRow[] | undefined> {
  const { plan, origin, part } = run;
  const index = (part.firstRow - plan.firstRow) / plan.partSize;
  const hasInputs = (await store.list(INPUTS_PREFIX)).length > 0;
  if (hasInputs) return readShardInput({ store, plan, index });
  const paths = (origin?.inputs ?? []).flatMap(({ name, path }) =>
    name === "histories" ? path : [],
  );
  if (paths.length === 0) return undefined;
  try {
    return await readRows(paths, { plan, part });
  } catch (error) {
    if (error instanceof DatasetError || error instanceof StoreError) return undefined;
    throw error;
  }
}

async function readRows(
  path: readonly string[],
  {
    plan,
    part,
  }: {
    readonly plan: RunPlan;
    readonly part: { readonly firstRow: number; readonly rowCount: number };
  },
): Promise<readonly HistoryRow[]> {
  const { data: columns } = columnsField.safeParse(plan.arguments.columns);
  const histories = await openHistories({ path, columns });
  try {
    const rows: HistoryRow[] = [];
    const window = { offset: part.firstRow, limit: part.rowCount, chunkRows: part.rowCount };
    for await (const chunk of histories.read(window)) rows.push(...chunk);
    return rows;
  } finally {
    await histories.close();
  }
}
