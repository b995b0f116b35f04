// What the measurements of `nightbeam serve` share.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openRecommender } from "@nightbeam/recommend";

const COMMAND = fileURLToPath(new URL("../../../services/cli/bin/nightbeam.js", import.meta.url));
const VEGETA = "github.com/tsenart/vegeta/v12@v12.13.0";

/** Starts `nightbeam NAME` and resolves with its last word on standard output: the address that it listens on. */
export async function start(name, flags) {
  const child = spawn(process.execPath, [COMMAND, name, "--log-level", "warn", ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const line = await new Promise((resolve, reject) => {
    child.stdout.once("data", (text) => resolve(String(text).trim()));
    child.once("exit", () => reject(new Error(`nightbeam ${name} ended`)));
  });
  const end = (signal) => {
    child.kill(signal);
    return exited;
  };
  return { address: line.split(" ").at(-1), end, cpuSeconds: () => cpuSeconds(child.pid) };
}

/** Processor time of all threads of a process, on Linux. */
export function cpuSeconds(pid) {
  const [, rest] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function readUsers(path, count) {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(0, count)
    .map((line) => JSON.parse(line));
}

/** The lists of users by the engine itself: one user at a time, and all at once. */
export async function direct(settings, users) {
  const recommender = await openRecommender(settings);
  try {
    const lists = new Map();
    const times = [];
    // The first ones warm up, and `auto` learns.
    for (const user of users.slice(0, 20)) await recommender.recommendOne(user);
    const alone = users.slice(0, 150);
    const cpu = [cpuSeconds(process.pid)];
    for (const user of alone) {
      const from = performance.now();
      await recommender.recommendOne(user);
      times.push(performance.now() - from);
    }
    cpu.push(cpuSeconds(process.pid));
    const from = performance.now();
    for await (const { user, items } of recommender.recommend(users)) lists.set(user, keyOf(items));
    const perSecond = users.length / ((performance.now() - from) / 1e3);
    cpu.push(cpuSeconds(process.pid));
    const cpuMs = {
      alone: (1e3 * (cpu[1] - cpu[0])) / alone.length,
      batched: (1e3 * (cpu[2] - cpu[1])) / users.length,
    };
    return { lists, times, perSecond, cpuMs };
  } finally {
    await recommender.close();
  }
}

/** A list as text, with the bits of its scores. */
export function keyOf(items) {
  return items.map(({ item, score }) => `${item}:${score}`).join(" ");
}

/**
 * Sends requests at a fixed rate with vegeta, whether or not the server keeps up, and returns its results: status,
 * milliseconds, answer.
 */
export function attack({ url, requests, rate, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), "nightbeam-vegeta-"));
  try {
    const targets = join(folder, "targets.jsonl");
    const lines = requests.map((request) =>
      JSON.stringify({
        method: "POST",
        url: `${url}/v1/recommendations`,
        body: Buffer.from(JSON.stringify(request)).toString("base64"),
        header: { "Content-Type": ["application/json"] },
      }),
    );
    writeFileSync(targets, `${lines.join("\n")}\n`);
    const results = join(folder, "results.bin");
    const how = ["-format", "json", "-targets", targets, "-output", results, "-timeout", "120s"];
    const pace = ["-rate", `${Math.round(rate * 60)}/60s`, "-duration", `${seconds}s`];
    run("vegeta", ["attack", ...how, ...pace]);
    const text = run("vegeta", ["encode", "-to", "json", results]);
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .map(({ code, latency, body, seq }) => ({
        request: requests[seq % requests.length],
        status: code,
        milliseconds: latency / 1e6,
        answer: body ? JSON.parse(Buffer.from(body, "base64").toString()) : undefined,
      }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command, args) {
  const ended = spawnSync(command, args, { maxBuffer: 2 ** 30, encoding: "utf8" });
  if (ended.error?.code === "ENOENT") {
    throw new Error(`vegeta is not on the PATH. Build it: go install ${VEGETA}`);
  }
  if (ended.status !== 0) throw new Error(`${command} failed: ${ended.stderr}`);
  return ended.stdout;
}

/** p50, p95 and p99 as a cell of a table. */
export function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [0.5, 0.95, 0.99].map((share) => at(share).toFixed(at(share) < 10 ? 1 : 0)).join(" / ");
}

/** Answers that are not the engine's own lists, and requests without an answer. */
export function check(results, lists) {
  const counts = { right: 0, wrong: 0, refused: 0, lost: 0 };
  for (const { request, status, answer } of results) {
    if (status === 429) counts.refused++;
    else if (status !== 200) counts.lost++;
    else if (keyOf(answer.items) === lists.get(request.user)) counts.right++;
    else counts.wrong++;
  }
  return counts;
}
