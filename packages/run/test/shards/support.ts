import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HistoryRow } from "@nightbeam/dataset";
import { parseRunRequest, type RunRequest } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";
import type { RunPlan } from "../../src/plan.js";
import type { RejectedRow } from "../../src/records/records.js";
import { commitShard } from "../../src/shards/commit-shard.js";
import { planRun } from "../../src/shards/plan-run.js";
import { readShardInput } from "../../src/shards/read-shard-input.js";
import { attemptName, type ShardResult } from "../../src/shards/write-shard.js";

export const VERSIONS = { target: "t1", catalogue: "c1", histories: "h1" };

/** A request for shards of three rows. */
export function request(changes: Record<string, unknown> = {}): RunRequest {
  return parseRunRequest({
    target: "target",
    catalogue: "catalogue",
    histories: "histories.jsonl",
    out: "/runs/one",
    format: "jsonl",
    partSize: 3,
    ...changes,
  });
}

/** Rows in batches; every third row is rejected. */
export async function* histories(count = 7, batch = 2): AsyncGenerator<HistoryRow[]> {
  const rows = Array.from({ length: count }, (_, row) => historyRow(row));
  for (let at = 0; at < count; at += batch) yield rows.slice(at, at + batch);
}

export function historyRow(row: number): HistoryRow {
  if (row % 3 === 1) {
    return { kind: "rejected", row, reason: "empty_history", detail: `row ${row} is empty` };
  }
  return { kind: "history", row, user: `u${row}`, items: [`i${row}`, 'é,"\n'] };
}

export function plan(store: ShardStore, changes: Record<string, unknown> = {}, rows = histories()) {
  return planRun({ store, request: request(changes), versions: VERSIONS, rows });
}

/** An attempt at a shard, with its part in a local directory. */
export async function attempt(options: {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly index: number;
  readonly scratch: string;
  readonly score?: number;
}): Promise<ShardResult & { readonly store: ShardStore }> {
  const { store, plan, index, scratch, score = -1 } = options;
  const rows = await readShardInput({ store, plan, index });
  const lists: string[] = [];
  const rejected: RejectedRow[] = [];
  for (const row of rows) {
    if (row.kind === "rejected")
      rejected.push({ row: row.row, reason: row.reason, detail: "empty" });
    else lists.push(JSON.stringify({ user: row.user, items: [{ item: "i", score, codes: [1] }] }));
  }
  const name = attemptName(1);
  const file = join(scratch, `${index}.${name}`);
  writeFileSync(file, lists.map((line) => `${line}\n`).join(""));
  const stats = { targetCalls: 10 + index, none: Number.NaN };
  return { store, plan, index, attempt: name, file, rows: lists.length, rejected, stats };
}

export async function commitAll(store: ShardStore, plan: RunPlan, scratch: string): Promise<void> {
  for (let index = 0; index * plan.partSize < (plan.inputRows ?? 0); index++) {
    await commitShard(await attempt({ store, plan, index, scratch }));
  }
}
