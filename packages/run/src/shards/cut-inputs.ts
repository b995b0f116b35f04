import type { HistoryRow } from "@nightbeam/dataset";
import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import type { RunPlan } from "../plan.js";
import { inputFile, inputKey } from "../records/names.js";
import { concurrentWrites } from "./concurrent-writes.js";
import { rowLine } from "./input-row.js";

export interface CutInputsOptions {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly rows: AsyncIterable<readonly HistoryRow[]>;
  /** Rows to read. Default: all. */
  readonly limit?: number | undefined;
  readonly onRows?: ((rows: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes one file of rows per shard, with a few shards in memory at a time.
 *
 * @returns the number of rows
 * @throws RunError BAD_REQUEST, SHARD_MISMATCH, STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function cutInputs(options: CutInputsOptions): Promise<number> {
  const { store, plan, onRows, signal } = options;
  const key = inputKey(plan);
  const writes = concurrentWrites();
  let rows = 0;
  let shards = 0;
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    signal?.throwIfAborted();
    const [name, text] = [inputFile(key, shards), lines.join("")];
    await writes.add(text.length, () => createSame(store, name, text));
    shards++;
    lines = [];
    onRows?.(rows);
  };
  try {
    for await (const row of taken(options)) {
      if (row.row !== rows) throw outOfOrder(rows, row.row);
      lines.push(rowLine(row));
      rows++;
      if (lines.length === plan.partSize) await flush();
    }
    if (lines.length > 0) await flush();
  } finally {
    await writes.settled();
  }
  await writes.succeeded();
  return rows;
}

async function* taken({ rows, limit }: CutInputsOptions): AsyncGenerator<HistoryRow> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for await (const batch of rows) {
    for (const row of batch) {
      yield row;
      left--;
      if (left === 0) return;
    }
  }
}

/** If another planner wrote the file, it must be the same; otherwise the histories have changed. */
async function createSame(store: ShardStore, name: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  if (await store.create(name, bytes)) return;
  const existing = await store.read(name);
  if (existing !== undefined && bytes.equals(existing)) return;
  throw new RunError(
    "STORE_DAMAGED",
    `${store.location}/${name} differs from the rows of the histories: they were changed while ` +
      "they were read. Remove that run's inputs and submit it again, or use another location.",
  );
}

function outOfOrder(expected: number, found: number): RunError {
  return new RunError(
    "SHARD_MISMATCH",
    `Row ${found} of the histories came instead of row ${expected}. Read all of them, in order, ` +
      "from the start.",
  );
}
