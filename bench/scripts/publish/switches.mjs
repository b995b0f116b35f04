// Publishes runs to each kind of destination, kills each publication at a random moment with SIGKILL, publishes again, and
// polls with a reader all the time, which must never see lists of two runs. Prints a table.
//
//   node bench/scripts/publish/switches.mjs [--switches 20] [--users 5000] [--only redis,files]
//
// Needs redis-server, PostgreSQL, and for S3 Python with venv; kinds that are absent are left out.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openDestination } from "@nightbeam/publish";
import { openRun } from "@nightbeam/run";
import { startMoto } from "../../../testing/dist/servers/moto-server.js";
import { postgresIsHere, startPostgres } from "../../../testing/dist/servers/postgres-server.js";
import { startRedisCluster } from "../../../testing/dist/servers/redis-cluster.js";
import { redisIsHere, startRedis } from "../../../testing/dist/servers/redis-server.js";

const nightbeam = fileURLToPath(new URL("../../../services/cli/bin/nightbeam.js", import.meta.url));
const { values } = parseArgs({
  options: {
    switches: { type: "string", default: "20" },
    users: { type: "string", default: "5000" },
    only: { type: "string", default: "files,s3,redis,cluster,postgres" },
  },
});
const [switches, users] = [Number(values.switches), Number(values.users)];
const directory = mkdtempSync(join(tmpdir(), "nightbeam-switches-"));

const KINDS = {
  files: async () => ({ to: join(directory, "published"), stop: async () => undefined }),
  s3: async () => {
    const server = await startMoto("lists");
    if (server === undefined) return undefined;
    Object.assign(process.env, server.env);
    return { to: "s3://lists/night", stop: server.stop };
  },
  redis: async () => (redisIsHere() ? served(await startRedis()) : undefined),
  cluster: async () => {
    if (!redisIsHere()) return undefined;
    const { nodes, stop } = await startRedisCluster();
    return { to: nodes[0].url, stop };
  },
  postgres: async () => (postgresIsHere() ? served(await startPostgres()) : undefined),
};
const served = ({ url, stop }) => ({ to: url, stop });

/** Writes a run of which every item has its label. */
async function writeRun(label) {
  const dir = join(directory, `run-${label}`);
  const plan = { format: "jsonl", partSize: users, firstRow: 0, inputRows: users };
  const run = await openRun({
    dir,
    plan: { ...plan, arguments: {}, versions: { label: String(label) } },
  });
  const items = Array.from({ length: 20 }, (_, rank) => {
    return { item: `${label}-${rank}`, score: -rank, codes: [rank] };
  });
  const recommendations = Array.from({ length: users }, (_, at) => ({ user: `user-${at}`, items }));
  await run.commitPart({ index: 0, rowCount: users, recommendations, rejected: [], stats: {} });
  await run.finish();
  await run.close();
  return dir;
}

/** Publishes in a process of its own, which is killed after some time. @returns how it ended, and its seconds */
async function publish(out, to, killAfterMs) {
  const began = performance.now();
  const more = ["--grace-minutes", "0", "--max-rate", String(users)];
  const child = spawn(process.execPath, [nightbeam, "publish", out, "--to", to, ...more], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const timer = killAfterMs && setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  const [code, signal] = await new Promise((resolve) => {
    child.once("close", (...ending) => resolve(ending));
  });
  clearTimeout(timer);
  if (code !== 0 && signal !== "SIGKILL") throw new Error(said);
  return { killed: signal === "SIGKILL", ms: performance.now() - began };
}

/** Polls until it is stopped: the pointer once, then lists of its version. */
function startReader(store) {
  const figures = { polls: 0, lists: 0, mixtures: 0, missing: 0, backwards: 0 };
  let stopped = false;
  let last = 0;
  const done = (async () => {
    while (!stopped) {
      const pointer = await store.readPointer();
      const names = Array.from({ length: 8 }, () => `user-${Math.floor(Math.random() * users)}`);
      const lists = await Promise.all(names.map((name) => store.readList(pointer, name)));
      const labels = new Set();
      for (const list of lists) {
        if (list?.items.length !== 20) figures.missing++;
        for (const item of list?.items ?? []) labels.add(Number(item.split("-")[0]));
      }
      const [label] = labels;
      if (labels.size !== 1) figures.mixtures++;
      if (label < last) figures.backwards++;
      last = label ?? last;
      figures.polls++;
      figures.lists += lists.length;
      await sleep(2);
    }
  })();
  const stop = async () => {
    stopped = true;
    await done;
    return figures;
  };
  return { figures, stop };
}

/** What a killed publication left. */
async function leftBy(store, before) {
  const [pointer, records] = await Promise.all([store.readPointer(), store.readRecords()]);
  if (pointer.version !== before.version) return "switched";
  const newest = records.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
  if (newest.version === pointer.version) return "nothing";
  if (newest.state === "complete") return "complete";
  return (await store.readBuckets(newest)).size === newest.buckets ? "all lists" : "some lists";
}

async function measure(kind) {
  const destination = await KINDS[kind]();
  if (destination === undefined) return undefined;
  const { to, stop } = destination;
  const store = await openDestination({ to });
  const left = { nothing: 0, "some lists": 0, "all lists": 0, complete: 0, switched: 0 };
  const first = await writeRun(1);
  let usual = (await publish(first, to)).ms;
  rmSync(first, { recursive: true });
  const reader = startReader(store);
  let kills = 0;
  for (let label = 2; kills < switches; label++) {
    const out = await writeRun(label);
    const before = await store.readPointer();
    const { killed } = await publish(out, to, usual * (0.3 + 0.75 * Math.random()));
    if (killed) {
      kills++;
      left[await leftBy(store, before)]++;
      usual = (usual + (await publish(out, to)).ms) / 2;
    }
    rmSync(out, { recursive: true });
    process.stderr.write(`\r${kind}: ${kills} of ${switches} killed `);
  }
  const { polls, lists, mixtures, missing, backwards } = await reader.stop();
  process.stderr.write("\n");
  const versions = (await store.readRecords()).length;
  await store.close();
  await stop();
  const leftovers = Object.entries(left).filter(([, count]) => count > 0);
  return [
    ...[kind, kills, leftovers.map(([what, count]) => `${what} ${count}`).join(", ")],
    ...[polls, lists, mixtures, missing, backwards, versions],
  ];
}

const head = [
  ...["destination", "killed", "the killed left", "polls", "lists read"],
  ...["mixtures", "missing", "backwards", "versions at the end"],
];
const line = (cells) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
try {
  line(head);
  line(head.map(() => "---"));
  for (const kind of values.only.split(",")) {
    const row = await measure(kind);
    if (row === undefined) continue;
    line(row);
    if (row.slice(5, 8).some((count) => count !== 0)) process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
