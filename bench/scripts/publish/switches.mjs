// Publishes runs to each kind of destination, kills each publication with SIGKILL somewhere between its first list and
// the end, publishes again, and polls with a reader all the time, which must never see lists of two runs. Prints a table.
//
//   node bench/scripts/publish/switches.mjs [--switches 20] [--users 20000] [--only redis,files]
//
// Needs redis-server, PostgreSQL, and for S3 Python with venv; kinds that are absent are left out.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openDestination, publishRun } from "@nightbeam/publish";
import { openRun } from "@nightbeam/run";
import { startMoto } from "../../../testing/dist/servers/moto-server.js";
import { postgresIsHere, startPostgres } from "../../../testing/dist/servers/postgres-server.js";
import { startRedisCluster } from "../../../testing/dist/servers/redis-cluster.js";
import { redisIsHere, startRedis } from "../../../testing/dist/servers/redis-server.js";

const nightbeam = fileURLToPath(new URL("../../../services/cli/bin/nightbeam.js", import.meta.url));
const { values } = parseArgs({
  options: {
    switches: { type: "string", default: "20" },
    users: { type: "string", default: "20000" },
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

/**
 * Publishes in a process of its own, and kills it with SIGKILL when a share of the buckets is there; from 1 on, when the
 * version is complete. @returns whether it was killed
 */
async function publishAndKill(out, { to, store, share }) {
  const more = ["--max-rate", String(users), "--grace-minutes", "0"];
  const child = spawn(process.execPath, [nightbeam, "publish", out, "--to", to, ...more], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  let ending;
  child.once("close", (code, signal) => {
    ending = { code, signal };
  });
  const known = new Set((await store.readRecords()).map(({ version }) => version));
  while (ending === undefined) {
    const record = (await store.readRecords()).find(({ version }) => !known.has(version));
    if (record !== undefined) {
      const there = (await store.readBuckets(record)).size / record.buckets;
      if (share < 1 ? there >= share : record.state === "complete") child.kill("SIGKILL");
    }
    await sleep(1);
  }
  const killed = ending.signal === "SIGKILL";
  if (ending.code !== 0 && !killed) throw new Error(said);
  return killed;
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
  await publishRun({ out: first, store });
  rmSync(first, { recursive: true });
  const reader = startReader(store);
  let kills = 0;
  for (let label = 2; kills < switches; label++) {
    const out = await writeRun(label);
    const before = await store.readPointer();
    const killed = await publishAndKill(out, { to, store, share: 1.3 * Math.random() });
    if (killed) {
      kills++;
      left[await leftBy(store, before)]++;
      await publishRun({ out, store, graceMs: 0 });
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
