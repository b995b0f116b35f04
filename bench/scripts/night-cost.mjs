// Measures what a setting of a cluster costs: the same night on several clusters of this machine in turn, in processor
// time of their drafters and verifiers per user (less noisy than wall time) and in users per second. Compares part files.
//
//   node bench/scripts/night-cost.mjs --target DIR --draft DIR --catalogue FILE --histories FILE
//       --cluster NAME [--cluster NAME=FLAGS …] [--repeat 3] [--beam-width 20] [--part-size 64]
//
// FLAGS are those of `nightbeam cluster up`: --cluster plain --cluster "audited=--audit-rate 0.01". NAME@CHECKOUT=FLAGS
// takes the built command of another checkout, such as an older version.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    draft: { type: "string" },
    catalogue: { type: "string" },
    histories: { type: "string" },
    cluster: { type: "string", multiple: true, default: [] },
    repeat: { type: "string", default: "3" },
    "beam-width": { type: "string", default: "20" },
    "part-size": { type: "string", default: "64" },
  },
});
for (const name of ["target", "draft", "catalogue", "histories"]) {
  if (values[name] === undefined) {
    console.error(`--${name} is missing; the first lines of this script say how to call it`);
    process.exit(2);
  }
}
const HERE = fileURLToPath(new URL("../..", import.meta.url));
const TICKS_PER_S = 100;
const MEASURED = /^(drafter|verifier)/;

/** "name@checkout=--flag value" */
function parseCluster(text) {
  const [, name, checkout = HERE, flags = ""] =
    /^([^@=]+)(?:@([^=]+))?(?:=(.*))?$/.exec(text) ?? [];
  if (name === undefined)
    throw new Error(`--cluster ${text}: write NAME, NAME=FLAGS or NAME@CHECKOUT=FLAGS`);
  const command = join(resolve(checkout), "services/cli/bin/nightbeam.js");
  return { name, command, flags: flags.split(" ").filter((flag) => flag !== "") };
}

function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [command, ...args], {
      ...options,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (text) => (output += text));
    child.stderr.on("data", (text) => (output += text));
    child.once("exit", (code) => (code === 0 ? done(output) : fail(new Error(output))));
  });
}

async function startCluster({ name, command, flags }, directory) {
  const cwd = join(directory, name);
  await mkdir(cwd);
  const args = [
    ...[
      "cluster",
      "up",
      "--target",
      resolve(values.target),
      "--catalogue",
      resolve(values.catalogue),
    ],
    ...["--verifiers", "2", "--drafters", "1", "--scheduler-port", "0", ...flags],
  ];
  const up = spawn(process.execPath, [command, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  up.stdout.on("data", (text) => (output += text));
  up.stderr.on("data", (text) => (output += text));
  const file = join(cwd, ".nightbeam/cluster/cluster.json");
  for (;;) {
    if (up.exitCode !== null) throw new Error(output);
    await sleep(100);
    if (!existsSync(file)) continue;
    const { scheduler, processes } = JSON.parse(await readFile(file, "utf8"));
    const isReady = processes.every(
      ({ state, identity }) => state === "ready" && identity !== undefined,
    );
    if (scheduler === undefined || !isReady) continue;
    const pids = processes.flatMap(({ name, identity }) =>
      MEASURED.test(name) ? [identity.pid] : [],
    );
    return { name, command, cwd, up, pids };
  }
}

/** Seconds of processor time that processes have used so far. */
async function processorSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_S;
}

async function night({ command, cwd, pids }, at) {
  const out = join(cwd, `night-${at}`);
  const before = await processorSeconds(pids);
  const began = performance.now();
  const models = ["target", "draft", "catalogue", "histories"].flatMap((name) => [
    `--${name}`,
    resolve(values[name]),
  ]);
  const search = [
    "--beam-width",
    values["beam-width"],
    "--draft-width",
    "40",
    "--part-size",
    values["part-size"],
  ];
  const submitted = await run(command, ["submit", ...models, ...search, "--out", out], { cwd });
  const [runId = ""] = /night-\d+-[0-9a-f]+/.exec(submitted) ?? [];
  await run(command, ["status", runId, "--follow"], { cwd });
  const seconds = (performance.now() - began) / 1_000;
  const used = (await processorSeconds(pids)) - before;
  const { stats, rows } = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
  const hash = createHash("sha256");
  for (const part of (await readdir(join(out, "parts"))).sort())
    hash.update(await readFile(join(out, "parts", part)));
  return { seconds, used, users: rows ?? stats.users, sha256: hash.digest("hex") };
}

const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1];

const directory = await mkdtemp(join(tmpdir(), "nightbeam-night-cost-"));
const clusters = [];
try {
  for (const text of values.cluster)
    clusters.push(await startCluster(parseCluster(text), directory));
  const nights = new Map(clusters.map(({ name }) => [name, []]));
  for (let round = 0; round <= Number(values.repeat); round++) {
    for (const cluster of clusters) {
      const result = await night(cluster, round);
      // The first round warms up.
      if (round > 0) nights.get(cluster.name).push(result);
      console.log(
        `${cluster.name}: ${result.used.toFixed(1)} s of processor time, ${result.seconds.toFixed(1)} s, parts ${result.sha256.slice(0, 12)}`,
      );
    }
  }
  const base = median([...nights.values()][0].map(({ used }) => used));
  for (const [name, all] of nights) {
    const used = median(all.map((one) => one.used));
    console.log(
      `${name}: ${used.toFixed(2)} s of processor time (median), ${(used / base).toFixed(3)} of ${clusters[0].name}`,
    );
  }
} finally {
  for (const { up } of clusters) {
    up.kill("SIGTERM");
    await new Promise((done) => up.once("exit", done));
  }
  await rm(directory, { recursive: true, force: true });
}
