// A night of many shards and nodes with a real scheduler, Redis, NATS and store, and fake drafters that compute nothing:
// where does it break first? Each shard is one user, to plan many of them. Linux only: reads /proc.
//
//   node bench/scripts/scale/scheduler.mjs [--shards 400000] [--nodes 1000] [--shard-ms 5000] [--seconds 180] [--store DIR]
//
// It plans, lets the drafters work for the seconds, reports, and stops. DIR holds two to four files per shard; default:
// /dev/shm. Figures of a machine with few processors: divide processor time by what your own has.
import { fork, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRedis } from "@nightbeam/queue";
import { freePort, startNatsServer, startRedis } from "@nightbeam/testing/servers";
import { streamHistories, writeWorld } from "@nightbeam/testing/world";

const { values } = parseArgs({
  options: {
    shards: { type: "string", default: "400000" },
    nodes: { type: "string", default: "1000" },
    "shard-ms": { type: "string", default: "5000" },
    seconds: { type: "string", default: "180" },
    store: { type: "string", default: "/dev/shm" },
  },
});
const [shards, nodes, shardMs, seconds] = ["shards", "nodes", "shard-ms", "seconds"].map((name) =>
  Number(values[name]),
);
const TOKEN = "a-token-for-the-simulation";
const LOCK_MS = 10_000;
const REPORT_MS = 10_000;
const scripts = dirname(fileURLToPath(import.meta.url));
const command = join(scripts, "../../../services/cli/bin/nightbeam.js");

const root = mkdtempSync(join(values.store, "nightbeam-scale-"));
const monitor = await freePort();
const redisServer = await startRedis({ args: ["--maxclients", "20000"] });
const natsServer = await startNatsServer({ args: ["-m", String(monitor)] });
const redis = await openRedis({ url: redisServer.url, role: "producer" });
const children = [];
try {
  await main();
} finally {
  for (const child of children) child.kill("SIGKILL");
  redis.disconnect();
  await Promise.all([redisServer.stop(), natsServer.stop()]);
  rmSync(root, { recursive: true, force: true });
}

async function main() {
  const items = 500;
  const small = { levels: 3, codesPerLevel: 16, layers: 1, width: 16, heads: 2, maxItems: 4 };
  const world = await writeWorld({ directory: join(root, "world"), items, users: 1, ...small });
  const histories = join(root, "histories.jsonl");
  await streamHistories({ file: histories, users: shards, items, seed: 1 });
  const url = await startScheduler();
  const { pid } = children[0];
  const out = join(root, "out");
  const body = { target: world.target, catalogue: world.catalogue, histories, out };

  const begun = performance.now();
  const { run } = await ask(url, "POST", "/v1/runs", { ...body, partSize: 1, format: "jsonl" });
  let longest = 0;
  await until(async () => {
    const asked = performance.now();
    const { state } = await ask(url, "GET", `/v1/runs/${run.id}`);
    longest = Math.max(longest, performance.now() - asked);
    return state === "running";
  });
  show("inputs cut and plan written", `${since(begun)}; longest answer ${longest.toFixed(0)} ms`);
  const planned = performance.now();
  await until(async () => (await redis.zcard("{nightbeam}:shards:prioritized")) >= shards);
  show("jobs added", since(planned));
  show("scheduler", processText(pid));
  show("Redis", `${((await info("memory")).used_memory / shards / 1e3).toFixed(2)} KB per shard`);

  const fake = fork(join(scripts, "fake-nodes.mjs"), [
    JSON.stringify({
      ...{ redisUrl: redisServer.url, nats: natsServer.url, nodes, shardMs },
      ...{ scratchRoot: root, lockMs: LOCK_MS, reportMs: REPORT_MS },
    }),
  ]);
  children.push(fake);
  const joining = performance.now();
  await new Promise((resolve, reject) => {
    fake.once("message", resolve);
    fake.once("exit", (code) => reject(new Error(`the drafters ended with ${code}`)));
  });
  show(`${nodes} drafters joined`, since(joining));
  const before = await reading(pid);
  const latencies = [];
  for (const end = performance.now() + 1_000 * seconds; performance.now() < end; ) {
    const asked = performance.now();
    await ask(url, "GET", `/v1/runs/${run.id}`);
    latencies.push(performance.now() - asked);
    await sleep(2_000);
  }
  report(before, await reading(pid), latencies);
  const files = await filesPerShard(out, (await reading(pid)).done);
  show("files per shard", files);
  show("scheduler", processText(pid));
}

function report(before, after, latencies) {
  const per = (name) => (after[name] - before[name]) / ((after.at - before.at) / 1e3);
  const done = after.done - before.done;
  show("shards", `${done} done, ${per("done").toFixed(0)}/s`);
  show(
    "Redis",
    `${per("commands").toFixed(0)} commands/s, ${((after.commands - before.commands) / done).toFixed(0)} per shard; ` +
      `${(100 * per("redisSeconds")).toFixed(0)}% of a processor; ${(per("redisBytes") / 1e6).toFixed(1)} MB/s out; ` +
      `${(after.memory / 1e6).toFixed(0)} MB; ${after.clients} connections`,
  );
  show(
    "NATS",
    `${per("natsIn").toFixed(0)} messages/s in, ${per("natsOut").toFixed(0)} out; ` +
      `${((after.natsBytes - before.natsBytes) / Math.max(1, after.natsIn - before.natsIn)).toFixed(0)} bytes each`,
  );
  show("scheduler", `${(100 * per("schedulerSeconds")).toFixed(0)}% of a processor`);
  const sorted = latencies.toSorted((a, b) => a - b);
  const quantile = (q) => sorted[Math.floor(q * (sorted.length - 1))].toFixed(0);
  show("GET /v1/runs/ID", `p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`);
}

async function reading(pid) {
  const [stats, cpu, memory, clients] = await Promise.all(
    ["stats", "cpu", "memory", "clients"].map(info),
  );
  const varz = await (await fetch(`http://127.0.0.1:${monitor}/varz`)).json();
  return {
    at: performance.now(),
    done: await redis.zcard("{nightbeam}:shards:completed"),
    commands: stats.total_commands_processed,
    redisBytes: stats.total_net_output_bytes,
    redisSeconds: cpu.used_cpu_sys + cpu.used_cpu_user,
    memory: memory.used_memory,
    clients: clients.connected_clients,
    natsIn: varz.in_msgs,
    natsOut: varz.out_msgs,
    natsBytes: varz.in_bytes,
    schedulerSeconds: processorSeconds(pid),
  };
}

async function filesPerShard(out, done) {
  const counts = await Promise.all(
    ["inputs", "parts", "commits"].map(async (name) => {
      const names = await readdir(join(out, name)).catch(() => []);
      return `${name} ${(names.length / (name === "inputs" ? shards : done)).toFixed(2)}`;
    }),
  );
  return counts.join(", ");
}

async function startScheduler() {
  const port = await freePort();
  const flags = ["--redis", redisServer.url, "--nats", natsServer.url, "--token", TOKEN];
  flags.push("--state", join(root, "state"), "--listen", `127.0.0.1:${port}`);
  const child = spawn(command, ["scheduler", ...flags, "--log-level", "warn"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  children.push(child);
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return url;
}

async function ask(url, method, path, body) {
  // A scheduler that is busy for seconds closes connections that it has not heard from.
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    "content-type": "application/json",
    connection: "close",
  };
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  const answer = await fetch(`${url}${path}`, { method, headers, ...text });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
  return value;
}

async function until(isTrue) {
  while (!(await isTrue())) await sleep(500);
}

async function info(section) {
  const text = await redis.info(section);
  return Object.fromEntries(
    [...text.matchAll(/^(\w+):(.*)$/gm)].map(([, name, value]) => [name, Number.parseFloat(value)]),
  );
}

/** User and system time of a process: the 14th and 15th field of its stat, in hundredths of a second. */
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function processText(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [now, peak] = ["VmRSS", "VmHWM"].map((name) => {
    return (Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1e3).toFixed(0);
  });
  return `${processorSeconds(pid).toFixed(0)} s of processor, ${now} MB, at most ${peak} MB`;
}

function since(began) {
  return `${((performance.now() - began) / 1e3).toFixed(0)} s`;
}

function show(name, text) {
  console.log(`${name.padEnd(28)} ${text}`);
}
