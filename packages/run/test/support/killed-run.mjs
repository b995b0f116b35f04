// A whole run in its own process, which is killed at a file-system step.
// Arguments: run directory, scratch directory, step, rows of the histories as JSON.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { parseRunRequest } from "@nightbeam/settings";
import { directoryStore } from "@nightbeam/store";
import { committedShards } from "../../dist/records/journal.js";
import { commitShard } from "../../dist/shards/commit-shard.js";
import { finishRun, missingShards } from "../../dist/shards/finish-run.js";
import { planRun } from "../../dist/shards/plan-run.js";
import { readShardInput } from "../../dist/shards/read-shard-input.js";
import { sweepAttempts } from "../../dist/shards/sweep-attempts.js";
import { attemptName } from "../../dist/shards/write-shard.js";

const [dir = "", scratch = "", step = "", json = ""] = process.argv.slice(2);
let left = Number(step);
for (const name of ["open", "link", "rename", "rm", "mkdir", "writeFile"]) {
  const real = fs[name];
  fs[name] = (...given) => {
    if (left-- === 0) process.kill(process.pid, "SIGKILL");
    return real(...given);
  };
}
syncBuiltinESMExports();

const histories = JSON.parse(json);
const store = directoryStore(dir);
const request = parseRunRequest({
  target: "target",
  catalogue: "catalogue",
  histories: "histories.jsonl",
  out: dir,
  format: "jsonl",
  partSize: 3,
});
const versions = { target: "t1", catalogue: "c1", histories: "h1" };

async function* read() {
  yield histories;
}

const { plan } = await planRun({ store, request, versions, rows: read() });
const committed = await committedShards(store);
for (const index of missingShards(plan, committed)) {
  const input = await readShardInput({ store, plan, index });
  const attempt = attemptName(1);
  const file = join(scratch, attempt);
  const lists = input
    .filter(({ kind }) => kind === "history")
    .map(({ user }) => ({ user, items: [{ item: "i", score: -1, codes: [1] }] }));
  const rejected = input
    .filter(({ kind }) => kind === "rejected")
    .map(({ row, reason }) => ({ row, reason, detail: "empty" }));
  await fs.writeFile(file, lists.map((list) => `${JSON.stringify(list)}\n`).join(""));
  const stats = { targetCalls: 10 + index };
  const rows = lists.length;
  await commitShard({ store, plan, index, attempt, file, rows, rejected, stats });
}
await finishRun(store);
await sweepAttempts(store);
