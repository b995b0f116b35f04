// The drafters of scheduler.mjs: they take shards, wait, write a part and its commit record, and end the job. Renewed locks,
// reports and heartbeats are those of real drafters. Arguments: JSON, see below. Ends with the process that started it.

import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openControl } from "@nightbeam/control";
import { JOBS, openRedis, parseJob, redisPrefix, workerOptions } from "@nightbeam/queue";
import { attemptName, commitWritten, readPlan, writeShard } from "@nightbeam/run";
import { silentLog } from "@nightbeam/service/log";
import { openStore } from "@nightbeam/store";
import { Worker } from "bullmq";

const { redisUrl, nats, nodes, shardMs, scratchRoot, lockMs, reportMs } = JSON.parse(
  process.argv[2],
);
const prefix = redisPrefix("nightbeam");
const READY_MS = 300_000;
const scratch = mkdtempSync(join(scratchRoot, "nodes-"));
let plan;
let store;
for (let nth = 0; nth < nodes; nth++) await startNode(`drafter-${nth}`);
process.send?.("ready");
process.on("disconnect", () => process.exit());

async function startNode(name) {
  const connection = await openRedis({ url: redisUrl, role: "worker", readyTimeoutMs: READY_MS });
  const worker = new Worker(JOBS.shard.queue, work, {
    ...{ connection, prefix, name, concurrency: 1 },
    ...workerOptions("shard", { lockMs }),
  });
  worker.on("error", () => undefined);
  // As `reportDrafter`, without reading the reports of all others: that is too much for one process.
  const report = async () => {
    const drafter = { name, version: "0.1.0", refuses: [], isBlind: false, at: Date.now() };
    await connection.time();
    await connection.hset(`${prefix}:drafters`, name, JSON.stringify(drafter));
  };
  await report();
  setInterval(() => report().catch(() => undefined), reportMs);
  const control = await openControl({ servers: nats, name, log: silentLog });
  const hash = createHash("sha256").update(name).digest("hex");
  control.announce(
    () => ({
      ...{ role: "drafter", id: name, target: hash, catalogue: hash, scoring: "full" },
      ...{ waitingTokens: 0, runningTokens: 0, draining: false, version: "0.1.0" },
    }),
    { onDrain: () => undefined },
  );
}

async function work(job) {
  const { location, index, rows } = parseJob("shard", job.data);
  store ??= await openStore(location);
  plan ??= await readPlan(store);
  await sleep(shardMs * (0.5 + Math.random()));
  await job.updateProgress({ users: rows, searches: rows, calls: 2, nodes: 3 });
  const attempt = attemptName(job.attemptsStarted);
  const file = join(scratch, `${attempt}-${index}.jsonl`);
  writeFileSync(file, `{"user":"u${index}","items":["1"],"scores":[-1]}\n`.repeat(rows));
  const written = await writeShard({
    ...{ store, plan, index, attempt, file, rows, rejected: [] },
    stats: { searches: rows, targetCalls: 2 * rows, nodes: 30 * rows },
  });
  const { created, record } = await commitWritten(store, written);
  return { index, created, rows: record.rows, sha256: record.sha256 };
}
