import type { HistoryRow } from "@nightbeam/dataset";
import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import type { RunPlan } from "../plan.js";
import { inputFile, inputKey } from "../records/names.js";
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

/** Files written at the same time: an object store takes a while for each, however small. */
const MAX_WRITES = 64;
/** Characters of their rows, which are in memory meanwhile. */
const MAX_WRITTEN_CHARACTERS = 64 * 2 ** 20;

/**
 * Writes one file of rows per shard, with a few shards in memory at a time.
 *
 * @returns the number of rows
 * @throws RunError BAD_REQUEST, SHARD_MISMATCH, STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function cutInputs(options: CutInputsOptions): Promise<number> {
  const { store, plan, onRows, signal } = options;
  const key = inputKey(plan);
  const writes = concurrently();
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

/** Runs work with at most `MAX_WRITES` of it, and `MAX_WRITTEN_CHARACTERS` in all, at a time. */
function concurrently() {
  const underWay = new Set<Promise<void>>();
  let characters = 0;
  const failures: unknown[] = [];
  const succeeded = async () => {
    if (failures.length > 0) throw failures[0];
  };
  return {
    /** Starts work when there is a place for it. Throws the failure of any earlier one. */
    add: async (size: number, work: () => Promise<void>) => {
      const isFull = () =>
        underWay.size >= MAX_WRITES || characters + size > MAX_WRITTEN_CHARACTERS;
      while (underWay.size > 0 && isFull()) await Promise.race(underWay);
      await succeeded();
      characters += size;
      const started: Promise<void> = work()
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          characters -= size;
          underWay.delete(started);
        });
      underWay.add(started);
    },
    /** Waits until nothing is under way. */
    settled: async () => {
      await Promise.all(underWay);
    },
    /** Throws the first failure. */
    succeeded,
  };
}

function outOfOrder(expected: number, found: number): RunError {
  return new RunError(
    "SHARD_MISMATCH",
    `Row ${found} of the histories came instead of row ${expected}. Read all of them, in order, ` +
      "from the start.",
  );
}
