import type { HistoryRow } from "@nightbeam/dataset";
import type { ShardStore } from "@nightbeam/store";
import { storeGone } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { firstRowOf, plannedRows, type RunPlan } from "../plan.js";
import { inputFile, inputKey } from "../records/names.js";
import { parseRowLine } from "./input-row.js";

/**
 * The input rows of a shard, users and rejected rows alike, in the order of the histories.
 *
 * @throws RunError STORE_DAMAGED if they are not the rows that the plan gives the shard; StoreError
 * STORE_FAILED, STORE_DAMAGED
 */
export async function readShardInput(options: {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly index: number;
}): Promise<HistoryRow[]> {
  const { store, plan, index } = options;
  const name = inputFile(inputKey(plan), index);
  const place = `${store.location}/${name}`;
  const bytes = await store.read(name);
  if (bytes === undefined) throw storeGone(place);
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (lines.pop() !== "") throw damaged(place, "its last line is incomplete");
  const expected = plannedRows(plan, index);
  if (lines.length !== expected) {
    throw damaged(place, `it has ${lines.length} rows, but the plan gives it ${expected}`);
  }
  const first = firstRowOf(plan, index);
  return lines.map((line, at) => {
    const parsed = parseRowLine(line);
    if ("problem" in parsed) throw damaged(place, `line ${at + 1}: ${parsed.problem}`);
    if (parsed.row.row === first + at) return parsed.row;
    throw damaged(place, `line ${at + 1} has row ${parsed.row.row} instead of ${first + at}`);
  });
}

function damaged(place: string, problem: string): RunError {
  return new RunError(
    "STORE_DAMAGED",
    `${place} is damaged: ${problem}. Restore it, or start the run in another place.`,
  );
}
