// Clusters of this machine that scripts measure: started by `nightbeam cluster up`, one night at a time.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL("../..", import.meta.url));
const TICKS_PER_S = 100;
const MEASURED = /^(drafter|verifier)/;

/** NAME@CHECKOUT=VARIABLE=VALUE --flag value; all but the name may be left out. */
export function parseCluster(text) {
  const [, name, checkout = HERE, words = ""] =
    /^([^@=]+)(?:@([^=]+))?(?:=(.*))?$/.exec(text) ?? [];
  if (name === undefined)
    throw new Error(`--cluster ${text}: write NAME, NAME=FLAGS or NAME@CHECKOUT=FLAGS`);
  const command = join(resolve(checkout), "services/cli/bin/nightbeam.js");
  const all = words.split(" ").filter((word) => word !== "");
  const variables = all.filter((word) => /^[A-Z_]+=/.test(word));
  const env = Object.fromEntries(variables.map((one) => one.split(/=(.*)/, 2)));
  return { name, command, env, flags: all.filter((word) => !variables.includes(word)) };
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

/** Starts a cluster of two verifiers and a drafter, and waits until it is ready. */
export async function startCluster({ name, command, env, flags }, { directory, models }) {
  const cwd = join(directory, name);
  await mkdir(cwd);
  const { target, catalogue } = models;
  const args = [
    ...["cluster", "up", "--target", resolve(target), "--catalogue", resolve(catalogue)],
    ...["--verifiers", "2", "--drafters", "1", "--scheduler-port", "0", ...flags],
  ];
  const up = spawn(process.execPath, [command, ...args], {
    ...{ cwd, env: { ...process.env, ...env } },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  up.stdout.on("data", (text) => (output += text));
  up.stderr.on("data", (text) => (output += text));
  const home = join(cwd, ".nightbeam/cluster");
  for (;;) {
    if (up.exitCode !== null) throw new Error(output);
    await sleep(100);
    if (!existsSync(join(home, "cluster.json"))) continue;
    const state = await readFile(join(home, "cluster.json"), "utf8");
    const { scheduler, processes } = JSON.parse(state);
    const isReady = processes.every(
      ({ state, identity }) => state === "ready" && identity !== undefined,
    );
    if (scheduler === undefined || !isReady) continue;
    const pids = processes.flatMap(({ name, identity }) =>
      MEASURED.test(name) ? [identity.pid] : [],
    );
    return { name, command, cwd, up, pids, metrics: await metricsUrls(join(home, "logs")) };
  }
}

export async function stopCluster({ up }) {
  up.kill("SIGTERM");
  await new Promise((done) => up.once("exit", done));
}

/** The addresses that the logs of the processes name. */
async function metricsUrls(logs) {
  const names = await readdir(logs);
  const texts = await Promise.all(names.map((one) => readFile(join(logs, one), "utf8")));
  return texts.flatMap((text) => text.match(/http:\/\/[^"\s]+\/metrics/g)?.slice(-1) ?? []);
}

/** Reads all metrics of a cluster every few seconds, as Prometheus does. @returns what ends it, and the scrapes */
export function scrape({ metrics }, everyMs) {
  let scrapes = 0;
  const timer = setInterval(() => {
    for (const url of metrics) {
      fetch(url)
        .then((answer) => answer.text())
        .then(
          () => scrapes++,
          () => undefined,
        );
    }
  }, everyMs);
  return () => {
    clearInterval(timer);
    return scrapes;
  };
}

/** Takes traces over OTLP and forgets them. */
export async function startTraceSink() {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on("data", (chunk) => (bytes += chunk.length));
    request.on("end", () => response.writeHead(200).end());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    taken: () => bytes,
    close: () => server.close(),
  };
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

/** Runs a night: seconds, processor seconds of drafters and verifiers, users, and the hash of the part files. */
export async function runNight({ command, cwd, pids }, { at, models, search }) {
  const out = join(cwd, `night-${at}`);
  const before = await processorSeconds(pids);
  const began = performance.now();
  const files = ["target", "draft", "catalogue", "histories"].flatMap((name) => [
    `--${name}`,
    resolve(models[name]),
  ]);
  const submitted = await run(command, ["submit", ...files, ...search, "--out", out], { cwd });
  const [runId = ""] = /night-\d+-[0-9a-f]+/.exec(submitted) ?? [];
  await run(command, ["status", runId, "--follow"], { cwd });
  const seconds = (performance.now() - began) / 1_000;
  const used = (await processorSeconds(pids)) - before;
  const { parts } = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
  const users = parts.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const hash = createHash("sha256");
  for (const part of (await readdir(join(out, "parts"))).sort())
    hash.update(await readFile(join(out, "parts", part)));
  return { seconds, used, users, sha256: hash.digest("hex") };
}
